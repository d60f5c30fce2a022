import { FREEDOM, inSection, type Statement } from './statement.js'

const create = inSection('5.1')

/** Creating streams. */
export const createStatements: readonly Statement[] = [
  create.fact('A new stream answers 201.', [
    '5.1/creates-with-201',
    '5.1/racing-creates-make-one-stream',
    '5.1/deleted-path-is-fresh',
    '5.1/expired-path-is-fresh',
  ]),
  create.must('A PUT with the configuration of the existing stream answers 200, another one 409.', [
    '5.1/repeating-answers-200',
    '5.1/repeating-with-a-body-adds-nothing',
    '5.1/another-content-type-answers-409',
    '5.1/another-lifetime-answers-409',
    '5.1/racing-creates-agree-on-one-type',
    '5.1/content-type-compares-in-any-case',
    '5.1/expiry-compares-as-an-instant',
  ]),
  create.must('Whether the stream is closed is compared with what the PUT asks for.', [
    '5.1/closure-matrix-open',
    '5.1/closure-matrix-closed',
    '5.1/closure-matrix-created-closed',
  ]),
  create.may('A missing content type means application/octet-stream.', [
    '5.1/missing-content-type-is-accepted',
    '5.1/missing-content-type-means-octet-stream',
  ]),
  create.fact('A stream expires after its TTL without reads and writes, each of which starts the TTL over.', [
    '5.1/idle-ttl-ends-the-stream',
    '5.1/ttl-is-renewed-by-catch-up',
    '5.1/ttl-is-renewed-by-read-at-the-tail',
    '5.1/ttl-is-renewed-by-read-from-now',
    '5.1/ttl-is-renewed-by-not-modified',
    '5.1/ttl-is-renewed-by-append',
    '5.1/ttl-is-renewed-by-producer-append',
    '5.1/ttl-is-renewed-by-close',
    '5.1/ttl-is-renewed-by-append-and-close',
    '5.1/ttl-is-renewed-by-producer-close',
  ]),
  create.fact('HEAD does not start the TTL over.', ['5.1/head-does-not-renew-the-ttl']),
  create.fact('A live read starts the TTL over when its request is taken up.', [
    '5.1/ttl-is-renewed-by-long-poll',
    '5.1/ttl-is-renewed-by-sse',
  ]),
  create.must('A TTL is a plain non-negative decimal integer; anything else is refused.', [
    '5.1/ttl-is-a-plain-integer',
    '5.1/valid-ttl-is-reported',
    '5.1/extreme-ttl-is-no-server-error',
    '5.1/ttl-of-zero-answers-400',
  ]),
  create.fact('An expiry is an RFC 3339 timestamp.', [
    '5.1/invalid-expiry-answers-400',
    '5.1/valid-expiry-is-reported',
    '5.1/past-expiry-is-no-server-error',
    '5.1/past-expiry-answers-400',
    '5.1/absolute-expiry-ends-the-stream',
  ]),
  create.should('A TTL together with an expiry answers 400.', ['5.1/ttl-with-expiry-answers-400']),
  create.may('One of the two takes precedence by a rule.', FREEDOM),
  create.must('Such a rule is documented.', {
    reason: 'about documentation; ours refuses, as is recommended',
  }),
  create.fact('With Stream-Closed the stream is created closed, with its body as all of its content.', [
    '5.1/created-closed-with-a-body',
    '5.1/created-closed-and-empty',
  ]),
  create.must('A fork offset beyond the tail of the source answers 400.', [
    '4.2/offset-beyond-the-tail-answers-400',
  ]),
  create.fact('The body of the PUT is the first content.', [
    '5.1/initial-body-is-the-first-content',
    '5.1/initial-body-may-be-chunked',
  ]),
  create.fact('A refused PUT creates nothing.', [
    '5.1/invalid-json-creates-nothing',
    '5.2/cut-put-creates-nothing',
  ]),
  create.should('The Location of a 201 is the URL of the stream.', ['5.1/location-is-the-stream-url']),
  create.fact('Answers carry the content type, the tail, and Stream-Closed where it applies.', [
    '5.1/creates-with-201',
    '5.1/created-closed-and-empty',
  ]),
]
