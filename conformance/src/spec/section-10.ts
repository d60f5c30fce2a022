import { inSection, type Statement } from './statement.js'

const caching = inSection('10')
const cachingClient = inSection('10', 'client')
const cursors = inSection('10.1')
const cursorsClient = inSection('10.1', 'client')
const caches = inSection('10.1', 'operator')
const collapsing = inSection('10.2')

/** Caching, entity tags and cursors. */
export const cachingStatements: readonly Statement[] = [
  caching.should('Catch-up reads of shared streams may be kept for 60 seconds, and be stale for 300.', [
    '10/catch-up-reads-are-cacheable',
  ]),
  caching.should('Reads of confidential streams are private.', ['10/catch-up-reads-are-cacheable']),
  caching.must('Every read has an entity tag, except that from now.', [
    '10/etag-is-a-quoted-string',
    '10/long-poll-data-has-an-etag',
    '10/now-has-no-etag',
    '10/etags-differ-between-ranges',
    '10/etags-differ-between-streams',
    '10/recreation-changes-the-etag',
    '10/append-changes-the-etag',
  ]),
  cachingClient.may('A client asks with If-None-Match.', { reason: 'a freedom: both ways are right' }),
  caching.must('A matching If-None-Match answers 304 without a body.', [
    '10/matching-etag-answers-304',
    '10/listed-etag-answers-304',
    '10/other-etags-answer-200',
    '10/deleted-stream-is-not-304',
  ]),
  caching.must('The entity tag depends on the closure.', ['10/close-changes-the-etag']),
  caching.must('Closing without data changes it.', ['10/close-changes-the-etag']),
  caching.should('The tag has a mark of the closure.', ['10/close-changes-the-etag']),
  caching.fact('Each encoding of a body is an answer of its own.', [
    '10/gzip-is-used-when-accepted',
    '10/refused-encodings-are-not-used',
    '10/encodings-vary',
    '10/encodings-have-their-own-etags',
    '10/compression-does-not-hold-events-back',
  ]),
  cachingClient.should('A client orders query parameters by name.', ['client/orders-query-parameters']),
  cachingClient.should('A client echoes the cursor in long-polls.', ['client/echoes-the-cursor']),
  cursors.must('Every live answer has a cursor.', [
    '10.1/cursor-is-the-interval-number-long-poll',
    '10.1/cursor-is-the-interval-number-sse',
    '5.7/time-out-answers-204',
  ]),
  cursors.fact('The cursor is the number of 20-second intervals since 2024-10-09.', [
    '10.1/cursor-is-the-interval-number-long-poll',
    '10.1/cursor-is-the-interval-number-sse',
    '10.1/older-cursor-gets-the-interval-long-poll',
    '10.1/older-cursor-gets-the-interval-sse',
    '10.1/odd-cursors-are-no-server-error',
  ]),
  cursors.must('Cursors do not go back.', [
    '10.1/echoed-cursor-advances-long-poll',
    '10.1/echoed-cursor-advances-sse',
    '10.1/time-outs-advance-the-cursor',
  ]),
  cursors.must('A cursor at or ahead of the clock comes back larger, by 1 to 3600 seconds.', [
    '10.1/jitter-is-bounded-long-poll',
    '10.1/jitter-is-bounded-sse',
    '10.1/echoed-cursor-advances-long-poll',
    '10.1/echoed-cursor-advances-sse',
  ]),
  cursorsClient.must('A client sends the cursor that it received.', ['client/echoes-the-cursor']),
  caches.should('Caches do not keep a 204 of a long-poll.', {
    reason: 'about caches; that our answers tell them so is in the tests of the server',
  }),
  collapsing.should('SSE responses are ended after about 60 seconds.', ['5.8/responses-are-recycled']),
]
