import { FREEDOM, inSection, type Statement } from './statement.js'

const poll = inSection('5.7')
const pollClient = inSection('5.7', 'client')

/** Long-poll. */
export const longPollStatements: readonly Statement[] = [
  poll.fact('A long-poll waits until there is data, and answers 200 with it.', [
    '5.7/data-is-returned-at-once',
    '5.7/append-wakes-every-waiter',
    '5.7/producer-append-wakes-waiters',
    '5.7/beginning-of-an-empty-stream-waits',
    '5.7/append-and-close-reaches-waiters',
    '5.7/following-loses-nothing',
    '5.7/refused-append-does-not-wake',
    '5.7/abandoned-waiters-do-no-harm',
  ]),
  poll.must('The offset is given.', ['5.7/missing-offset-answers-400']),
  poll.fact('A stream that does not exist answers 404.', ['5.7/missing-stream-answers-404']),
  poll.must('A 200 carries a cursor.', [
    '5.7/data-is-returned-at-once',
    '10.1/cursor-is-the-interval-number-long-poll',
  ]),
  poll.must('A 204 carries the tail.', ['5.7/time-out-answers-204']),
  poll.must('A 204 carries Stream-Up-To-Date.', ['5.7/time-out-answers-204']),
  poll.must('A 204 of an open stream carries a cursor.', [
    '5.7/time-out-answers-204',
    '10.1/time-outs-advance-the-cursor',
  ]),
  poll.may('A 204 of a closed stream carries none.', FREEDOM),
  pollClient.must('A client does without a cursor when the stream is closed.', [
    'client/no-cursor-at-a-closed-end-long-poll',
  ]),
  poll.must('A 204 of a closed stream carries Stream-Closed.', [
    '5.7/closed-tail-answers-at-once',
    '5.3/close-wakes-long-polls',
  ]),
  poll.must('At the end of a closed stream a long-poll does not wait.', [
    '5.7/closed-tail-answers-at-once',
    '5.7/closed-empty-stream-answers-at-once',
  ]),
  poll.must('There it answers 204 with Stream-Closed and Stream-Up-To-Date at once.', [
    '5.7/closed-tail-answers-at-once',
    '5.7/rest-of-a-closed-stream',
  ]),
  poll.may('A parameter sets the time-out.', FREEDOM),
  poll.must('In the inherited part of a fork a long-poll answers at once.', [
    '5.7/inherited-data-of-a-fork-is-returned-at-once',
  ]),
  poll.must('At its tail a fork waits for its own appends only.', ['5.7/fork-appends-wake-the-fork']),
  poll.must('Appends to the source do not end the wait at a fork.', [
    '5.7/source-appends-do-not-wake-a-fork',
  ]),
  pollClient.fact('A client takes 204 with Stream-Closed for the end, and 204 without it for a time-out.', [
    'client/ends-at-a-closed-stream-long-poll',
    'client/polls-again-after-a-time-out',
  ]),
]

const sse = inSection('5.8')
const sseClient = inSection('5.8', 'client')

/** Server-sent events. */
export const sseStatements: readonly Statement[] = [
  sse.fact('Data that is there comes first, then appends as they happen.', [
    '5.8/reads-from-an-offset',
    '5.8/appends-arrive-live',
    '5.8/long-data-arrives-whole',
    '5.8/missing-offset-answers-400',
    '5.8/missing-stream-answers-404',
  ]),
  sse.must('Types that are neither text nor JSON come as base64, announced by a header.', [
    '5.8/other-types-are-base64',
  ]),
  sse.must('The response is text/event-stream.', ['5.8/response-head']),
  sse.must('The header stream-sse-data-encoding: base64 is there for such types.', [
    '5.8/other-types-are-base64',
    '5.8/text-types-are-not-encoded',
  ]),
  sseClient.must('A client looks for that header and decodes accordingly.', [
    'client/decodes-base64-by-the-header',
  ]),
  sse.fact('Text and JSON come as UTF-8, whatever lines and characters they hold.', [
    '5.8/text-lines-are-split',
    '5.8/carriage-returns-are-line-ends',
    '5.8/text-cannot-forge-events',
    '5.8/leading-spaces-survive',
    '5.8/token-by-token-text-survives',
    '5.8/split-characters-survive',
    '5.8/resuming-inside-a-character-loses-nothing',
    '5.8/invalid-text-does-not-break-the-response',
    '5.8/byte-order-marks-survive',
    '5.8/pretty-json-cannot-break-lines',
    '5.8/json-data-is-a-whole-array',
  ]),
  sse.may('Base64 is split over several data lines.', FREEDOM),
  sseClient.must('A client joins the data lines and removes their line ends before it decodes.', [
    'client/joins-base64-lines',
  ]),
  sse.must('What remains is base64 whose length is a multiple of 4.', [
    '5.8/other-types-are-base64',
    '5.8/base64-is-whole-per-event',
  ]),
  sse.must('The base64 of no bytes is the empty string.', ['5.8/base64-is-whole-per-event']),
  sse.may('Several messages share an event.', FREEDOM),
  sse.fact('A control event follows every data event.', [
    '5.8/data-then-control',
    '5.8/every-data-event-has-its-control-event',
    '5.8/empty-stream-starts-with-control',
    '5.8/only-data-and-control-events',
    '5.8/lines-have-one-form',
    '5.8/control-is-one-line-of-flat-json',
  ]),
  sse.must('A control event carries streamNextOffset.', [
    '5.8/data-then-control',
    '5.8/every-data-event-has-its-control-event',
    '5.8/empty-stream-starts-with-control',
  ]),
  sse.must('A control event of an open stream carries streamCursor.', [
    '5.8/data-then-control',
    '10.1/cursor-is-the-interval-number-sse',
  ]),
  sse.may('streamCursor is absent with streamClosed.', ['5.8/closed-control-has-no-cursor']),
  sse.must('upToDate is true when the reader has everything.', [
    '5.8/data-then-control',
    '5.8/every-data-event-has-its-control-event',
  ]),
  sse.may('upToDate is left out with streamClosed.', FREEDOM),
  sse.must('streamClosed is true when all data of a closed stream has been sent.', [
    '5.8/closed-stream-ends',
    '5.8/append-and-close-arrives-whole',
    '5.8/closure-comes-last',
  ]),
  sseClient.must('A client does without streamCursor and Stream-Cursor when the stream is closed.', [
    'client/no-cursor-at-a-closed-end-sse',
    'client/no-cursor-at-a-closed-end-long-poll',
  ]),
  sse.must('The last control event of a closed stream carries streamClosed.', [
    '5.8/closed-stream-ends',
    '5.3/close-ends-sse',
  ]),
  sse.must('After it the server ends the response.', ['5.8/closed-stream-ends', '5.3/close-ends-sse']),
  sseClient.must('After streamClosed a client does not connect again.', [
    'client/ends-at-a-closed-stream-sse',
  ]),
  sse.must('At the end of a closed stream the first event says streamClosed and upToDate.', [
    '5.8/closed-tail-ends-at-once',
  ]),
  sse.must('Then the server ends the response.', ['5.8/closed-tail-ends-at-once']),
  sse.should('A response is ended after about 60 seconds.', ['5.8/responses-are-recycled']),
  sseClient.must('A client connects again with the last streamNextOffset.', [
    'client/reconnects-at-the-last-control-offset',
    'client/repeats-data-without-its-control-event',
  ]),
  sseClient.must('A client does not connect again after streamClosed.', [
    'client/ends-at-a-closed-stream-sse',
  ]),
  sse.fact(
    'On a fork SSE delivers what it inherited and its own data, and nothing that the source appends later.',
    ['5.8/fork-delivers-inherited-and-own-data'],
  ),
  sse.fact('A reader that connects again misses nothing and sees nothing twice.', [
    '5.8/resumes-from-any-control-event',
  ]),
]
