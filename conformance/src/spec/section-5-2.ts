import { FREEDOM, inSection, type Statement } from './statement.js'

const append = inSection('5.2')
const appendClient = inSection('5.2', 'client')

/** Appending. */
export const appendStatements: readonly Statement[] = [
  append.fact('An append answers 204 with the new tail.', [
    '5.2/append-answers-204',
    '5.2/concurrent-appends-stay-whole',
    '5.2/pipelined-appends-keep-their-order',
    '5.2/cut-body-stores-nothing',
    '5.2/cut-chunked-body-stores-nothing',
  ]),
  append.should('A stream that takes no appends answers 405 or 501.', ['5.2/unknown-method-answers-405']),
  append.fact('A stream that does not exist answers 404.', ['5.2/missing-stream-answers-404']),
  append.must('With a body, another content type than that of the stream answers 409.', [
    '5.2/another-content-type-answers-409',
    '5.2/content-type-compares-in-any-case',
    '5.2/content-type-parameters-are-compared-by-meaning',
  ]),
  append.fact('A body without a content type answers 400.', ['5.2/missing-content-type-answers-400']),
  append.may('A request without a body has no content type.', ['5.3/close-answers-204']),
  append.must('A request without a body is not refused for its content type.', [
    '5.2/close-only-ignores-the-content-type',
  ]),
  append.may('The content type of a request without a body is ignored.', [
    '5.2/close-only-ignores-the-content-type',
  ]),
  append.should('Chunked bodies are supported.', [
    '5.2/chunked-body-is-one-append',
    '5.2/chunk-borders-mean-nothing',
    '5.2/announced-body-is-invited',
    '5.2/chunked-empty-body-closes',
  ]),
  append.must('Stream-Seq values are compared byte by byte.', ['5.2/stream-seq-compares-bytes']),
  append.must('The scope of Stream-Seq is documented.', {
    reason: 'about documentation; ours is the stream, see the README of the server',
  }),
  append.must('A Stream-Seq equal to or below the last one answers 409.', [
    '5.2/stream-seq-must-rise',
    '5.2/racing-stream-seqs-let-one-in',
    '5.2/stream-seq-survives-appends-without-one',
    '4/stream-seq-survives-a-restart',
  ]),
  append.must('Sequence numbers strictly increase.', [
    '5.2/stream-seq-must-rise',
    '5.2/failed-append-consumes-no-stream-seq',
  ]),
  append.fact('With Stream-Closed, append and closure are one step.', [
    '5.2/append-and-close-is-one-step',
    '5.2/refused-append-and-close-leaves-it-open',
  ]),
  append.should('Closing a closed stream without a body answers 204 with Stream-Closed.', [
    '4.1/closing-again-succeeds',
  ]),
  append.must('Append-and-close on a closed stream answers 409 with Stream-Closed.', [
    '5.2/repeated-append-and-close-answers-409',
  ]),
  append.must('An empty body answers 400, unless it closes.', [
    '5.2/empty-body-answers-400',
    '5.2/chunked-empty-body-closes',
  ]),
  append.fact('A soft-deleted stream answers 410.', ['4.2/soft-deleted-source-answers-410']),
  append.fact('A body over the limits of the server answers 413.', ['5.2/body-over-the-limit-answers-413']),
  append.must('An append to a closed stream answers 409 with Stream-Closed and the final offset.', [
    '5.2/closed-stream-refuses-appends',
  ]),
  append.should('The body of that 409 is empty or a standard error.', ['12/errors-are-json-with-a-code']),
  appendClient.should('A client does not read the body to learn why.', [
    'client/closed-is-told-by-the-header',
  ]),
  append.should('The closure comes before other conflicts.', ['5.2/closure-precedes-other-conflicts']),
]

const producer = inSection('5.2.1')
const producerClient = inSection('5.2.1', 'client')
const STATE_RESTART = '4/producer-state-survives-a-restart'

/** Idempotent producers. */
export const producerStatements: readonly Statement[] = [
  producer.must('Of the three producer headers all or none are given; some answer 400.', [
    '5.2.1/incomplete-headers-answer-400',
  ]),
  producer.must('A producer id is not empty.', ['5.2.1/empty-producer-id-answers-400']),
  producer.must('An epoch is an integer from 0 to 2^53-1.', [
    '5.2.1/epoch-must-be-an-integer',
    '5.2.1/largest-integers-are-valid',
  ]),
  producer.must('A sequence is an integer from 0 to 2^53-1.', [
    '5.2.1/sequence-must-be-an-integer',
    '5.2.1/largest-integers-are-valid',
  ]),
  producer.fact('New data answers 200 with the epoch and the highest accepted sequence.', [
    '5.2.1/first-append-answers-200',
    '5.2.1/following-sequences-answer-200',
    '5.2.1/older-duplicate-names-the-highest-sequence',
    '5.2.1/unknown-producer-begins-at-any-epoch',
  ]),
  producer.fact('A duplicate answers 204 and adds nothing.', [
    '5.2.1/duplicate-answers-204',
    '5.2.1/duplicate-ignores-the-body',
    '5.2.1/duplicate-carries-the-tail',
    '5.2.1/duplicates-precede-stream-seq',
    STATE_RESTART,
  ]),
  producer.fact('A gap answers 409 with the expected and the received sequence.', [
    '5.2.1/gap-answers-409',
    '5.2.1/unknown-producer-begins-at-zero',
    '5.2.1/refused-sequence-consumes-no-stream-seq',
  ]),
  producer.fact('A stale epoch answers 403 with the current one.', [
    '5.2.1/stale-epoch-answers-403',
    STATE_RESTART,
  ]),
  producer.fact('A higher epoch begins at sequence 0, otherwise it answers 400.', [
    '5.2.1/new-epoch-starts-over',
    '5.2.1/new-epoch-not-at-zero-answers-400',
  ]),
  producer.fact('State is kept for each stream and producer.', [
    '5.2.1/producers-are-independent',
    '5.2.1/state-belongs-to-one-stream',
    '5.2.1/failed-append-changes-no-state',
  ]),
  producer.must('Checking and appending are one step for each stream and producer.', [
    '5.2.1/racing-duplicates-store-one-copy',
    '5.2.1/out-of-order-requests-settle-in-order',
    '5.2.1/pipelined-requests-are-all-accepted',
    '5.2.1/racing-epochs-let-the-newer-win',
    '5.2.1/producers-share-a-stream',
  ]),
  producer.should('Producer state and data are committed together.', [
    STATE_RESTART,
    '5.2.1/failed-append-changes-no-state',
    '5.2/cut-chunked-body-stores-nothing',
  ]),
  producer.should('A store documents how atomic it is.', { reason: 'about documentation' }),
  producer.may('Producer state is cleaned up after a time.', FREEDOM),
  producer.fact('A producer closes with a last body, or without one.', [
    '5.2.1/last-append-closes-with-200',
    '5.2.1/close-only-answers-204',
    '5.2.1/close-only-with-a-gap-answers-409',
    '5.2.1/close-only-with-a-stale-epoch-answers-403',
    '5.2.1/close-only-with-a-wrong-new-epoch-answers-400',
    '5.2.1/refused-closing-append-leaves-it-open',
  ]),
  producer.should('Repeating the close by the same tuple answers 204 with Stream-Closed.', [
    '5.2.1/repeating-the-close-only-answers-204',
    '5.2.1/repeating-the-closing-append-answers-204',
    '5.2.1/racing-closing-appends-store-one-copy',
  ]),
  producer.fact('Any other tuple on a closed stream answers 409 with Stream-Closed.', [
    '5.2.1/closed-stream-refuses-new-sequences',
    '5.2.1/older-duplicate-after-close-answers-409',
    '5.2.1/duplicate-after-another-closed-answers-409',
  ]),
  producerClient.fact('A client retries with the same tuple, and counts sequences up from 0.', [
    'client/producer-counts-from-zero',
    'client/producer-retries-the-same-tuple',
    'client/producer-recovers-from-gaps',
    'client/produces-in-order-pipelined',
  ]),
  producerClient.fact('A client may claim an id that a newer epoch holds, if it was told to.', [
    'client/producer-claims-when-told',
    'client/producer-reports-fencing',
  ]),
]
