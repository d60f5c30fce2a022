import { FREEDOM, inSection, type Statement } from './statement.js'

const extensions = inSection('11', 'operator')
const extending = inSection('11')
const access = inSection('12.1', 'operator')
const accessClient = inSection('12.1', 'client')
const tenants = inSection('12.2')
const tenantsOperator = inSection('12.2', 'operator')
const untrusted = inSection('12.3', 'client')
const types = inSection('12.4')
const rates = inSection('12.5')
const sequences = inSection('12.6')
const browsers = inSection('12.7')
const transport = inSection('12.11', 'operator')

const ABOUT_EXTENSIONS = { reason: 'about those who extend the protocol' }

/** Extensions and security, without subscriptions. */
export const securityStatements: readonly Statement[] = [
  extensions.should('Extensions are supersets of the protocol.', ABOUT_EXTENSIONS),
  extensions.may('Implementations add parameters, headers and fields.', FREEDOM),
  extending.must('Extensions do not break what the protocol says: clients that do not know them work.', [
    '5.6/unknown-parameters-are-ignored',
    '5.8/only-data-and-control-events',
    '5.8/control-is-one-line-of-flat-json',
  ]),
  inSection('11', 'client').must('A client works where a server has extensions that it does not know.', [
    'client/ignores-what-it-does-not-know',
  ]),
  extensions.should('What extensions add is optional, and has sensible defaults.', ABOUT_EXTENSIONS),
  extensions.should('Extensions work with clients of any version.', ABOUT_EXTENSIONS),
  extensions.may('Authentication is an extension.', FREEDOM),

  accessClient.should('A client can authenticate in the ways of HTTP.', [
    'client/sends-its-own-headers',
    'client/renews-an-expired-token',
  ]),
  access.must('An implementation controls who may create, change and delete.', {
    reason:
      'left to each deployment by the specification; the tests of the server show that a guard can be put before it',
  }),
  tenantsOperator.must('Where URLs can be guessed, access is controlled also behind shared caches.', {
    reason: 'left to each deployment',
  }),
  tenants.should('Stream URLs are checked, so that no path leads to another stream.', [
    '12.2/detours-never-write-to-another-stream',
    '12.2/detours-never-read-another-stream',
    '12.2/detours-never-fork-another-stream',
    '12.2/malformed-paths-answer-400',
    '12.2/equivalent-escapes-name-one-stream',
    '12.2/absolute-targets-name-the-same-stream',
    '12.2/ordinary-names-are-accepted',
    '12.2/long-paths-are-no-server-error',
    '12.2/words-in-a-path-decide-nothing',
  ]),
  untrusted.must('A client treats content as untrusted.', ['client/content-cannot-forge-control']),
  untrusted.must('A client does not run content.', {
    reason: 'absence of evaluation cannot be seen from outside',
  }),
  types.must('Appended types match the declared one.', [
    '12/appends-are-held-to-the-declared-type',
    '5.2/another-content-type-answers-409',
  ]),
  rates.should('Rates are limited, with 429.', {
    reason: 'limits differ; they are tested with the server that has them',
  }),
  inSection('12.5', 'client').fact('A client that is told 429 waits as long as Retry-After says.', [
    'client/waits-as-retry-after-says',
  ]),
  sequences.must('Sequence regressions are refused.', ['5.2/stream-seq-must-rise']),
  browsers.should('Every response says nosniff.', ['12/nothing-is-sniffed']),
  browsers.should('Embedding by other origins is controlled.', ['12/embedding-is-controlled']),
  browsers.fact('Browsers of other origins may use the protocol.', [
    '12/preflight-allows-the-protocol',
    '12/responses-expose-the-protocol',
  ]),
  browsers.should('HEAD and confidential reads are no-store.', [
    '5.5/head-is-not-stored',
    '8/now-is-not-cached',
  ]),
  browsers.may('Public reads may be cached.', ['10/catch-up-reads-are-cacheable']),
  browsers.may('Bytes are offered as a download.', FREEDOM),
  browsers.fact('Errors reveal nothing of the inside.', ['12/errors-do-not-reveal-the-inside']),
  transport.must('In production everything goes over TLS.', { reason: 'left to each deployment' }),
]
