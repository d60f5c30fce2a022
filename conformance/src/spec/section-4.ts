import { FREEDOM, inSection, type Statement } from './statement.js'

const overview = inSection('3')
const model = inSection('4')
const modelOperator = inSection('4', 'operator')
const closure = inSection('4.1')

/** The stream model and closure. */
export const modelStatements: readonly Statement[] = [
  overview.may('A server implements reading without writing, or the other way round.', FREEDOM),
  model.fact('Acknowledged bytes last until the stream is deleted or expires.', [
    '4/data-survives-a-restart',
    '5.2/bytes-come-back-unchanged',
    '5.4/delete-answers-204',
  ]),
  model.fact('The bytes at an offset never change.', [
    '5.6/bytes-at-an-offset-never-change',
    '8/offsets-stay-valid',
  ]),
  model.fact('Bytes are ordered by offset.', ['5.2/appends-keep-their-order', '8/offsets-rise']),
  model.fact('A stream has one content type, set when it is created.', [
    '5.1/creates-with-201',
    '5.2/another-content-type-answers-409',
  ]),
  model.fact('A lifetime is a sliding window or an absolute time.', [
    '5.1/idle-ttl-ends-the-stream',
    '5.1/absolute-expiry-ends-the-stream',
    '4/lifetime-survives-a-restart',
  ]),
  model.may('A server drops data older than some age while the stream goes on.', {
    reason: 'retention cannot be provoked from outside; it is tested where a server has it',
  }),
  modelOperator.should('No new stream is created at the URL of a deleted one.', {
    reason:
      'a rule for those who name streams; that a server tells the two apart is checked by 8/stale-offset-is-refused',
  }),
  model.fact('Closing is durable and is never undone.', [
    '4.1/closed-stays-closed',
    '4/closure-survives-a-restart',
  ]),

  closure.fact('Closing again succeeds or answers stably.', [
    '4.1/closing-again-succeeds',
    '5.3/racing-closes-all-succeed',
  ]),
  closure.fact('Readers can see the closure.', [
    '4.1/every-mode-shows-the-closure',
    '4.1/open-streams-do-not-show-closure',
  ]),
  closure.fact('A last body and the closure are one step.', [
    '4.1/last-append-and-closure-appear-together',
    '5.2/append-and-close-is-one-step',
    '4.1/close-racing-appends-loses-nothing',
  ]),
  closure.fact('The data of a closed stream stays readable.', ['4.1/closed-data-stays-readable']),
  closure.must('Stream-Closed is there only when its value is true, in any letter case.', [
    '4.1/true-in-any-letter-case-closes',
    '4.1/true-in-any-letter-case-creates-closed',
  ]),
  closure.must('Any other value of Stream-Closed is as if the header were absent.', [
    '4.1/other-values-do-not-close-on-append',
    '4.1/other-values-do-not-excuse-an-empty-body',
    '4.1/other-values-create-open-streams',
  ]),
  closure.should('Another value of Stream-Closed is no error.', [
    '4.1/other-values-do-not-close-on-append',
    '4.1/other-values-create-open-streams',
  ]),
]
