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
  routing.must('Paths below __ds are taken before streams.', ['6/reserved-paths-are-no-streams']),
  addressing.fact('An explicit link takes precedence over a glob.', ['6.1/explicit-comes-before-glob']),
  creating.fact('A new subscription answers 201, the same one 200, another configuration 409.', [
    '6.2/creates-confirms-and-conflicts',
  ]),
  creating.must('At least one of pattern and streams is given.', ['6.2/streams-or-a-pattern-are-needed']),
  creating.fact('A star matches one segment, two stars any number.', [
    '6.2/stars-match-segments',
    '6.2/many-double-stars-are-matched-in-time',
  ]),
  creating.must('Configurations are compared by a hash of their normal form.', [
    '6.2/configurations-are-compared-in-normal-form',
  ]),
  creating.must('No response holds a shared secret.', ['6.2/no-response-holds-a-secret']),
  creating.must('Webhook URLs are checked.', ['6.2/unsafe-webhooks-are-refused']),
  creating.must('In production they are https.', ['6.2/unsafe-webhooks-are-refused']),
  creating.may('In development they are http on this machine.', ['7.1/an-append-posts-a-signed-wake']),
  creating.must('Private, link-local and loopback targets are refused otherwise.', [
    '6.2/unsafe-webhooks-are-refused',
  ]),
  creating.must('A pattern links existing streams at their tail at once.', [
    '6.2/existing-streams-are-linked-at-their-tail',
  ]),
  reading.fact('Reading a subscription shows its configuration, streams and status.', [
    '6.3/shows-the-configuration',
    '6.3/what-is-not-there-answers-404',
  ]),
  reading.may('It shows what webhooks are signed with.', ['6.5/the-subscription-names-its-key']),
  receiver('6.3').must('Receivers choose the key by the kid of each signature.', RECEIVER),
  reading.fact('Deleting answers 204.', [
    '6.3/what-is-not-there-answers-404',
    '6.3/deletion-fences-what-is-under-way',
  ]),
  reading.must('What was under way for a deleted subscription fails.', [
    '6.3/deletion-fences-what-is-under-way',
  ]),
  reading.must('It advances no cursor.', ['6.3/deletion-fences-what-is-under-way']),
  membership.fact('Streams are added at their tail, and adding again changes nothing.', [
    '6.4/streams-are-added-at-their-tail',
  ]),
  membership.fact('Removing an explicit link leaves a glob link, and removing again changes nothing.', [
    '6.4/removal-leaves-the-glob',
  ]),
  keys.must('Public keys are shown as a JWK set.', ['6.5/keys-are-published']),
  keys.may('There are more addresses for it.', FREEDOM),
  receiver('6.5').should('Receivers use the jwks_url that they were given.', RECEIVER),
  keys.must('A kid is stable as long as its key.', ['6.5/keys-are-published', '6.5/keys-survive-a-restart']),
  keys.must('A kid names one key of the set.', ['6.5/keys-are-published']),
  keys.should('A kid is derived from the key.', {
    reason: 'how a kid is made does not show; tested with the server',
  }),
  keys.must('Private keys stay secret.', ['6.2/no-response-holds-a-secret', '6.5/keys-are-published']),
  keys.should('Keys survive a restart in production.', ['6.5/keys-survive-a-restart']),
  keys.must('Old public keys are shown while signatures by them may be checked.', {
    reason: 'keys are not exchanged on request; tested with the server',
  }),
]
