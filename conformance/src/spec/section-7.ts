import { FREEDOM, inSection, type Statement } from './statement.js'

const about = (section: string) => inSection(section, 'server', 'subscriptions')
const receiver = (section: string) => inSection(section, 'client', 'subscriptions')
const RECEIVER = { reason: 'binds those who receive webhooks, not the server' }
const DRAFT = { reason: 'a draft extension that no known server announces' }

const delivery = about('7')
const webhooks = about('7.1')
const pulling = about('7.2')
const fencing = about('7.3')
const urls = about('12.8')
const tokens = about('12.9')

/** How subscriptions are delivered, and what keeps that secure. */
export const deliveryStatements: readonly Statement[] = [
  delivery.fact('Pending work makes a new wake, unless one is in flight or leased.', [
    '7.1/later-events-wake-again',
    '7.2/an-append-writes-one-event',
  ]),
  delivery.fact('An ack names the last offset that was processed.', [
    '7.1/later-events-wake-again',
    '7.2/acks-move-cursors-and-done-ends',
  ]),
  webhooks.fact('Deliveries are signed with Ed25519 over time and raw body.', [
    '7.1/an-append-posts-a-signed-wake',
  ]),
  receiver('7.1').should('Receivers verify signatures and refuse old ones.', RECEIVER),
  webhooks.must('An answer of done acks the snapshot and releases the lease.', [
    '7.1/done-acks-the-snapshot',
  ]),
  webhooks.must('What came after the snapshot wakes again.', ['7.1/later-events-wake-again']),
  webhooks.must('A stale wake or generation answers 409 FENCED.', [
    '7.1/callbacks-are-fenced',
    '7.3/token-generation-and-wake-must-agree',
  ]),
  webhooks.must('The schedule of retries survives a restart.', ['7.1/retries-survive-a-restart']),
  pulling.must('The wake stream is created by the application.', ['7.2/the-wake-stream-is-not-made']),
  pulling.fact('Of workers that claim at once one succeeds; the others get 409 ALREADY_CLAIMED.', [
    '7.2/one-claim-wins',
  ]),
  pulling.fact('An ack without done extends the lease.', ['7.2/heartbeats-keep-the-lease']),
  pulling.must('Work that is pending after a release wakes again.', ['7.2/a-release-wakes-again']),
  pulling.must('Stale releases and acks answer 409 FENCED.', [
    '7.2/a-release-wakes-again',
    '7.3/an-expired-lease-is-taken-over',
  ]),
  fencing.must('Token, generation and wake id must all be the current ones.', [
    '7.3/token-generation-and-wake-must-agree',
    '7.3/tokens-belong-to-one-subscription',
  ]),
  fencing.must('An expired lease has no holder and no token.', [
    '7.3/an-expired-lease-is-taken-over',
    '7.3/leases-survive-a-restart',
  ]),
  fencing.must('Work that is pending then wakes again.', [
    '7.3/an-expired-lease-is-taken-over',
    '7.3/a-silent-webhook-is-woken-anew',
    '7.3/every-event-is-processed-by-racing-workers',
  ]),
  inSection('7.4', 'server', 'subscriptions').must(
    'Draft extensions are not announced before their cases pass.',
    DRAFT,
  ),
  receiver('7.4').must('Clients take draft extensions for optional.', DRAFT),
  inSection('7.4', 'server', 'subscriptions').must(
    'Filters, schedules and commit-once appends follow their own rules.',
    DRAFT,
  ),
  urls.must('Webhook URLs are checked.', ['6.2/unsafe-webhooks-are-refused']),
  urls.must('They are https in production.', ['6.2/unsafe-webhooks-are-refused']),
  urls.should('Private, link-local and loopback addresses are blocked.', [
    '6.2/unsafe-webhooks-are-refused',
    '7.1/redirects-are-not-followed',
  ]),
  urls.should('Metadata addresses of clouds are blocked.', ['6.2/unsafe-webhooks-are-refused']),
  urls.may('Only some domains are allowed.', FREEDOM),
  tokens.must('Tokens are taken from the Authorization header.', [
    '7.1/callbacks-are-fenced',
    '7.3/token-generation-and-wake-must-agree',
  ]),
  tokens.should('Tokens are signed, with subscription, generation and expiry.', [
    '7.3/tokens-belong-to-one-subscription',
  ]),
  tokens.must('Every callback, ack and release checks the signature.', [
    '7.3/token-generation-and-wake-must-agree',
  ]),
  receiver('12.10').should('Receivers verify signatures, by kid, within a window of time.', RECEIVER),
  receiver('12.10').should('Receivers of several servers check which one it is.', RECEIVER),
]
