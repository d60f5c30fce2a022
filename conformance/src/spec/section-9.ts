import { FREEDOM, inSection, type Statement } from './statement.js'

const types = inSection('9', 'client')
const json = inSection('9.1')
const jsonClient = inSection('9.1', 'client')

/** Content types and JSON mode. */
export const contentStatements: readonly Statement[] = [
  types.may('A stream has any content type.', FREEDOM),
  json.must('Message boundaries are kept.', [
    '9.1/messages-keep-their-boundaries',
    '9.1/content-type-names-the-mode',
    '9.1/many-messages-keep-their-order',
    '9.1/numbers-keep-their-spelling',
    '9.1/members-keep-their-spelling',
    '5.6/json-pages-are-whole-arrays',
  ]),
  json.must('A read returns an array of all messages of its range.', [
    '9.1/messages-keep-their-boundaries',
    '5.6/json-pages-are-whole-arrays',
  ]),
  json.must('An array in a POST is flattened by exactly one level.', ['9.1/arrays-are-flattened-once']),
  jsonClient.may('A client wraps values in arrays to batch them.', ['client/batches-json-as-an-array']),
  json.must('A POST of an empty array answers 400.', ['9.1/empty-array-is-refused']),
  json.fact('A PUT of an empty array creates an empty stream.', ['9.1/empty-array-creates-an-empty-stream']),
  json.must('What is appended is checked to be JSON.', [
    '9.1/invalid-json-answers-400',
    '9.1/invalid-utf8-answers-400',
    '9.1/array-with-one-bad-element-stores-none',
    '9.1/deep-nesting-is-no-server-error',
  ]),
  json.must('What is not answers 400 with a message.', [
    '9.1/invalid-json-answers-400',
    '12/errors-are-json-with-a-code',
  ]),
  json.must('A read answers application/json.', [
    '9.1/messages-keep-their-boundaries',
    '9.1/empty-range-is-an-empty-array',
  ]),
  json.must('A range without messages is [].', ['9.1/empty-range-is-an-empty-array']),
  json.must('A read across the fork point is one array.', ['9.1/forks-read-as-one-array']),
]
