import { FREEDOM, inSection, type Statement } from './statement.js'

const about = (section: string) => inSection(section, 'server', 'subscriptions')
const receiver = (section: string) => inSection(section, 'client', 'subscriptions')
const RECEIVER = { reason: 'binds those who receive webhooks, not the server' }

const routing = about('6')
const addressing = about('6.1')
const creating = about('6.2')
const reading = about('6.3')
const membership = about('6.4')
const keys = about('6.5')

/** The APIs of subscriptions. Cases that are still to come are shown as uncovered. */
export const subscriptionStatements: readonly Statement[] = [
  routing.must('Paths below __ds are taken before streams.', []),
  addressing.fact('An explicit link takes precedence over a glob.', []),
  creating.fact('A new subscription answers 201, the same one 200, another configuration 409.', []),
  creating.must('At least one of pattern and streams is given.', []),
  creating.fact('A star matches one segment, two stars any number.', []),
  creating.must('Configurations are compared by a hash of their normal form.', []),
  creating.must('No response holds a shared secret.', []),
  creating.must('Webhook URLs are checked.', []),
  creating.must('In production they are https.', []),
  creating.may('In development they are http on this machine.', []),
  creating.must('Private, link-local and loopback targets are refused otherwise.', []),
  creating.must('A pattern links existing streams at their tail at once.', []),
  reading.fact('Reading a subscription shows its configuration, streams and status.', []),
  reading.may('It shows what webhooks are signed with.', []),
  receiver('6.3').must('Receivers choose the key by the kid of each signature.', RECEIVER),
  reading.fact('Deleting answers 204.', []),
  reading.must('What was under way for a deleted subscription fails.', []),
  reading.must('It advances no cursor.', []),
  membership.fact('Streams are added at their tail, and adding again changes nothing.', []),
  membership.fact('Removing an explicit link leaves a glob link, and removing again changes nothing.', []),
  keys.must('Public keys are shown as a JWK set.', []),
  keys.may('There are more addresses for it.', FREEDOM),
  receiver('6.5').should('Receivers use the jwks_url that they were given.', RECEIVER),
  keys.must('A kid is stable as long as its key.', []),
  keys.must('A kid names one key of the set.', []),
  keys.should('A kid is derived from the key.', []),
  keys.must('Private keys stay secret.', []),
  keys.should('Keys survive a restart in production.', []),
  keys.must('Old public keys are shown while signatures by them may be checked.', {
    reason: 'keys are not exchanged on request; tested with the server',
  }),
]
