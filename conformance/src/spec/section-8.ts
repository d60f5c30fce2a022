import { inSection, type Statement } from './statement.js'

const offsets = inSection('8')
const offsetsClient = inSection('8', 'client')

/** Offsets. */
export const offsetStatements: readonly Statement[] = [
  offsetsClient.must('A client does not interpret offsets.', ['client/passes-odd-offsets-through']),
  offsets.fact('The byte order of offsets is the order of positions.', [
    '8/offsets-rise',
    '8/offsets-of-json-rise',
  ]),
  offsetsClient.may('A client compares offsets by their bytes.', {
    reason: 'a freedom: both ways are right',
  }),
  offsets.fact('An offset stays valid as long as the stream lives.', [
    '8/offsets-stay-valid',
    '4/offsets-survive-a-restart',
    '8/stale-offset-is-refused',
    '8/stale-offset-is-refused-also-at-the-same-length',
    '8/stale-offset-answers-410',
  ]),
  offsets.may('No two positions share an offset.', ['8/offsets-rise', '8/binary-offsets-count-every-byte']),
  offsets.must('Appended data gets an offset above all before it.', [
    '8/offsets-rise',
    '8/offsets-of-json-rise',
    '4.2/offsets-continue-from-the-source',
  ]),
  offsets.must('No scheme is used that can repeat or go back.', [
    '8/offsets-rise',
    '8/binary-offsets-count-every-byte',
    '4/offsets-survive-a-restart',
  ]),
  offsets.must('Offsets hold none of the characters , & = ? and /.', ['8/offsets-are-tokens']),
  offsets.should('Offsets need no escaping in a URL.', ['8/offsets-are-short-and-url-safe']),
  offsetsClient.must('A client encodes offsets in query parameters.', ['client/encodes-offsets']),
  offsets.should('Offsets have fewer than 256 characters.', ['8/offsets-are-short-and-url-safe']),
  offsetsClient.may('A client asks for the beginning with -1.', ['client/reads-from-the-beginning']),
  offsets.must('-1 reads from the beginning.', ['8/beginning-sentinel', '5.6/reads-from-the-beginning']),
  offsets.must('now answers 200 with nothing, in the form of the content type.', [
    '8/now-catch-up',
    '8/now-on-a-fork',
  ]),
  offsets.must('On JSON streams the answer to now is [].', ['8/now-catch-up']),
  offsets.must('On others it has no bytes.', ['8/now-catch-up']),
  offsets.must('The answer to now carries the tail.', [
    '8/now-catch-up',
    '8/now-is-followed-from-its-offset',
  ]),
  offsets.must('The answer to now carries Stream-Up-To-Date.', ['8/now-catch-up']),
  offsets.should('The answer to now is not cached.', ['8/now-is-not-cached']),
  offsets.must('The answer to now holds no data, whatever the stream holds.', ['8/now-catch-up']),
  offsets.must('A long-poll from now waits at once.', [
    '8/now-long-poll-waits',
    '8/now-long-poll-gets-new-data',
  ]),
  offsets.must('Its answer carries the tail.', ['8/now-long-poll-waits']),
  offsets.must('SSE from now begins at the tail at once.', ['8/now-sse-starts-at-the-tail']),
  offsets.must('Its first control event carries the tail.', ['8/now-sse-starts-at-the-tail']),
  offsets.must('Without new data that event says upToDate.', ['8/now-sse-starts-at-the-tail']),
  offsets.must('On a closed stream now is answered at once, in every mode.', [
    '8/now-on-a-closed-stream-catch-up',
    '8/now-on-a-closed-stream-long-poll',
    '8/now-on-a-closed-stream-sse',
  ]),
  offsets.must('There the answer carries Stream-Closed and Stream-Up-To-Date.', [
    '8/now-on-a-closed-stream-catch-up',
    '8/now-on-a-closed-stream-long-poll',
  ]),
  offsets.must('There the answer carries the final offset.', [
    '8/now-on-a-closed-stream-catch-up',
    '8/now-on-a-closed-stream-long-poll',
    '8/now-on-a-closed-stream-sse',
  ]),
  offsets.must('No stream has an offset that reads -1 or now.', ['8/offsets-are-tokens']),
  offsets.may('Later versions address reads by sub-offsets.', { reason: 'about later versions' }),
  offsets.fact('The sub-offset appears in no response.', ['4.2/responses-carry-no-fork-headers']),
  offsetsClient.must('A client reads on from the Stream-Next-Offset that it was given.', [
    'client/reads-pages-until-up-to-date',
    'client/passes-odd-offsets-through',
  ]),
  offsetsClient.should('A client keeps offsets, so that it can resume.', [
    'client/resumes-from-a-stored-offset',
  ]),
  offsets.fact('A fork has the offsets of its source up to the fork point.', [
    '4.2/offsets-continue-from-the-source',
  ]),
  offsetsClient.must('A fork offset is one that the server returned.', {
    reason: 'a rule for applications: no client can know where an offset came from',
  }),
  offsetsClient.must('A client makes up or changes no offset.', ['client/passes-odd-offsets-through']),
  offsets.may('A fork at an offset that was made up is refused, or reads as anything.', [
    '4.2/malformed-offset-answers-400',
  ]),
]
