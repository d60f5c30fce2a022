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
  delivery.fact('Pending work makes a new wake, unless one is in flight or leased.', []),
  delivery.fact('An ack names the last offset that was processed.', []),
  webhooks.fact('Deliveries are signed with Ed25519 over time and raw body.', []),
  receiver('7.1').should('Receivers verify signatures and refuse old ones.', RECEIVER),
  webhooks.must('An answer of done acks the snapshot and releases the lease.', []),
  webhooks.must('What came after the snapshot wakes again.', []),
  webhooks.must('A stale wake or generation answers 409 FENCED.', []),
  webhooks.must('The schedule of retries survives a restart.', []),
  pulling.must('The wake stream is created by the application.', []),
  pulling.fact('Of workers that claim at once one succeeds; the others get 409 ALREADY_CLAIMED.', []),
  pulling.fact('An ack without done extends the lease.', []),
  pulling.must('Work that is pending after a release wakes again.', []),
  pulling.must('Stale releases and acks answer 409 FENCED.', []),
  fencing.must('Token, generation and wake id must all be the current ones.', []),
  fencing.must('An expired lease has no holder and no token.', []),
  fencing.must('Work that is pending then wakes again.', []),
  inSection('7.4', 'server', 'subscriptions').must(
    'Draft extensions are not announced before their cases pass.',
    DRAFT,
  ),
  receiver('7.4').must('Clients take draft extensions for optional.', DRAFT),
  inSection('7.4', 'server', 'subscriptions').must(
    'Filters, schedules and commit-once appends follow their own rules.',
    DRAFT,
  ),
  urls.must('Webhook URLs are checked.', []),
  urls.must('They are https in production.', []),
  urls.should('Private, link-local and loopback addresses are blocked.', []),
  urls.should('Metadata addresses of clouds are blocked.', []),
  urls.may('Only some domains are allowed.', FREEDOM),
  tokens.must('Tokens are taken from the Authorization header.', []),
  tokens.should('Tokens are signed, with subscription, generation and expiry.', []),
  tokens.must('Every callback, ack and release checks the signature.', []),
  receiver('12.10').should('Receivers verify signatures, by kid, within a window of time.', RECEIVER),
  receiver('12.10').should('Receivers of several servers check which one it is.', RECEIVER),
]
