import { FREEDOM, inSection, type Statement } from './statement.js'

const close = inSection('5.3')
const remove = inSection('5.4')
const head = inSection('5.5')
const read = inSection('5.6')
const readClient = inSection('5.6', 'client')

/** Closing, deleting, describing and reading. */
export const streamStatements: readonly Statement[] = [
  close.fact('A close without a body answers 204 with the unchanged tail and Stream-Closed.', [
    '5.3/close-answers-204',
    '5.3/close-of-an-empty-stream',
    '5.3/racing-closes-all-succeed',
  ]),
  close.fact('Closing a stream that does not exist answers 404.', ['5.3/missing-stream-answers-404']),
  close.fact('Readers who wait learn of the closure.', ['5.3/close-wakes-long-polls', '5.3/close-ends-sse']),

  remove.fact('A delete answers 204, and the stream is gone.', [
    '5.4/delete-answers-204',
    '5.4/closed-stream-can-be-deleted',
    '5.4/delete-takes-one-stream',
    '5.4/recreated-stream-knows-nothing',
    '5.4/racing-deletes-let-one-succeed',
    '5.4/delete-racing-appends-leaves-a-usable-path',
  ]),
  remove.fact('Deleting a stream that does not exist answers 404.', ['5.4/missing-stream-answers-404']),
  remove.fact('Reads under way end.', [
    '5.4/delete-wakes-long-polls',
    '5.4/delete-ends-sse',
    '5.4/waiters-do-not-follow-a-recreated-stream',
  ]),
  remove.must('A stream with forks is soft-deleted instead.', [
    '4.2/deleting-a-source-keeps-its-forks',
    '4.2/soft-deleted-source-answers-410',
    '4.2/soft-deleted-path-is-blocked',
  ]),
  remove.may('It is collected some time later.', ['4.2/last-fork-deleted-collects-the-source']),
  remove.must('Deleting a soft-deleted stream answers 410.', ['4.2/soft-deleted-source-answers-410']),

  head.fact('HEAD answers 200 with content type, tail, lifetime and closure, and no body.', [
    '5.5/head-describes-the-stream',
    '5.5/head-follows-the-tail',
    '5.5/head-without-lifetime-or-closure',
    '5.5/head-reports-the-window',
    '5.5/head-reports-the-expiry',
    '5.5/head-shows-the-closure',
    '5.5/head-has-no-body-on-the-wire',
  ]),
  head.fact('HEAD of a stream that does not exist answers 404.', ['5.5/missing-stream-answers-404']),
  head.should('No cache keeps the answer to HEAD.', ['5.5/head-is-not-stored']),
  head.may('It is private and must be revalidated instead.', FREEDOM),

  read.fact('A read returns the bytes from the offset on; without an offset, from the beginning.', [
    '5.6/reads-from-the-beginning',
    '5.6/reads-from-every-offset',
    '5.6/reads-racing-appends-are-prefixes',
    '5.6/pages-join-without-a-gap',
    '5.6/json-pages-are-whole-arrays',
  ]),
  read.fact('A malformed offset or parameter answers 400.', [
    '5.6/malformed-offset-answers-400',
    '5.6/empty-or-repeated-offset-answers-400',
    '5.6/unknown-live-mode-answers-400',
    '5.6/offset-beyond-the-tail-is-refused',
  ]),
  read.fact('A stream that does not exist answers 404.', ['5.6/missing-stream-answers-404']),
  read.fact('An offset before the earliest retained byte answers 410.', {
    reason: 'retention cannot be provoked from outside; it is tested where a server has it',
  }),
  read.should('A read at the tail answers 200, empty, with the same offset.', [
    '5.6/tail-is-empty-and-up-to-date',
    '5.6/empty-stream-is-empty',
  ]),
  read.must('At the end of a closed stream that answer carries Stream-Closed.', [
    '5.6/end-of-a-closed-stream',
    '5.6/closure-after-the-last-read-is-found-at-the-tail',
  ]),
  read.may('A catch-up read carries a cursor.', FREEDOM),
  read.may('The cursor is left out when the stream is closed.', ['5.8/closed-control-has-no-cursor']),
  readClient.must('A client does without a cursor when the stream is closed.', [
    'client/no-cursor-at-a-closed-end-long-poll',
    'client/no-cursor-at-a-closed-end-sse',
  ]),
  read.must('Stream-Up-To-Date is true when everything there is has been returned.', [
    '5.6/reads-from-the-beginning',
    '5.6/tail-is-empty-and-up-to-date',
  ]),
  read.should('It is absent from a page that others follow.', ['5.6/pages-join-without-a-gap']),
  readClient.may('A client begins to follow live when it is up to date.', [
    'client/reads-pages-until-up-to-date',
  ]),
  read.must('Stream-Closed is there when the final offset of a closed stream has been reached.', [
    '5.6/end-of-a-closed-stream',
    '4.1/every-mode-shows-the-closure',
  ]),
  read.should('Stream-Closed is absent before the final offset.', ['5.6/pages-join-without-a-gap']),
  readClient.should('A client that must know of the closure before the end asks with HEAD.', [
    'client/head-tells-the-closure',
  ]),
  readClient.fact('A client that is up to date has not reached the end.', [
    'client/up-to-date-is-not-the-end',
  ]),
  readClient.fact('A client finds a later closure by reading on.', ['client/finds-a-later-closure']),
]
