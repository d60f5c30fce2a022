import { check, equal } from '../assertions.js'
import { bearerOf, expectError, TestSubscription } from '../test-subscription.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { isSignedBy, WebhookReceiver } from '../webhook-receiver.js'

const NEEDS = ['subscriptions'] as const

interface KeySet {
  readonly keys: readonly Readonly<Record<string, string>>[]
}

export const subscriptionReadingCases: readonly ServerCase[] = defineCases('6.3', [
  {
    id: '6.3/shows-the-configuration',
    level: 'MUST',
    needs: NEEDS,
    title: 'a subscription is shown with its configuration, streams and status',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const tail = await subscription.write('a')
      const { url } = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(url, { lease_ttl_ms: 5_000, description: 'a description' })
      const { webhook, created_at, ...shown } = await subscription.show()
      equal(
        shown,
        {
          id: subscription.id,
          subscription_id: subscription.id,
          type: 'webhook',
          pattern: subscription.in('*'),
          streams: [{ path: subscription.in('a'), link_type: 'glob', acked_offset: tail }],
          wake_stream: null,
          filter: null,
          lease_ttl_ms: 5_000,
          status: 'active',
          description: 'a description',
        },
        'what is shown',
      )
      equal((webhook as { url: string }).url, url, 'the URL of the webhook')
      check(
        Math.abs(Date.parse(String(created_at)) - Date.now()) < 120_000,
        `created_at is ${String(created_at)}`,
      )
    },
  },
  {
    id: '6.3/what-is-not-there-answers-404',
    level: 'MUST',
    needs: NEEDS,
    title: 'a subscription that does not exist answers 404, and deleting it 204',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      expectError(await subscription.get(), 404, 'SUBSCRIPTION_NOT_FOUND')
      expectError(await subscription.claim('w'), 404, 'SUBSCRIPTION_NOT_FOUND')
      expectError(await subscription.addStreams(['a']), 404, 'SUBSCRIPTION_NOT_FOUND')
      ;(await subscription.delete()).expectStatus(204)
    },
  },
  {
    id: '6.3/deletion-fences-what-is-under-way',
    level: 'MUST',
    needs: NEEDS,
    title: 'reports for a deleted subscription fail and move no cursor, also when it is made anew',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      const offset = await subscription.write('jobs/a')
      const claim = await subscription.claimed('w')
      ;(await subscription.delete()).expectStatus(204)
      expectError(await subscription.get(), 404, 'SUBSCRIPTION_NOT_FOUND')
      const report = { acks: [subscription.ackOf('jobs/a', offset)], done: true }
      const late = await subscription.report('ack', claim, report)
      check(late.status >= 400 && late.status < 500, 'expected the late ack to fail', late.describe())
      await subscription.write('jobs/a')
      const config = {
        type: 'pull-wake',
        pattern: subscription.in('jobs/*'),
        wake_stream: subscription.in('wake'),
      }
      ;(await subscription.put(config)).expectStatus(201)
      const before = await subscription.cursor('jobs/a')
      const later = await subscription.report('ack', claim, report)
      check(later.status >= 400 && later.status < 500, 'expected the later ack to fail', later.describe())
      equal(await subscription.cursor('jobs/a'), before, 'the cursor of the new subscription')
    },
  },
])

export const subscriptionMembershipCases: readonly ServerCase[] = defineCases('6.4', [
  {
    id: '6.4/streams-are-added-at-their-tail',
    level: 'MUST',
    needs: NEEDS,
    title: 'added streams are linked at their tail, missing ones too, and adding again changes nothing',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({ done: true }, ctx.ended)
      await subscription.hook(receiver.url, { pattern: subscription.in('none') })
      const tail = await subscription.write('a')
      ;(await subscription.addStreams(['a', 'deep/b'])).expectStatus(204)
      ;(await subscription.addStreams(['a'])).expectStatus(204)
      equal(await subscription.cursor('a'), tail, 'the cursor of the added stream')
      const shown = (await subscription.show()).streams
      equal(
        shown.map(({ link_type }) => link_type),
        ['explicit', 'explicit'],
        'the kinds of links',
      )
      await subscription.write('deep/b')
      const { body } = await receiver.wake(1)
      equal(
        body.streams.map(({ path, link_type }) => [path, link_type]),
        [[subscription.in('deep/b'), 'explicit']],
        'the wake',
      )
    },
  },
  {
    id: '6.4/removal-leaves-the-glob',
    level: 'MUST',
    needs: NEEDS,
    title: 'removing an explicit link leaves what the pattern links, and removing again changes nothing',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.write('a')
      const { url } = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(url, { streams: [subscription.in('a'), subscription.in('deep/b')] })
      for (const name of ['a', 'deep/b', 'deep/b', 'never'])
        (await subscription.removeStream(name)).expectStatus(204)
      const shown = (await subscription.show()).streams
      equal(
        shown.map(({ path, link_type }) => [path, link_type]),
        [[subscription.in('a'), 'glob']],
        'the streams',
      )
    },
  },
])

export const signingKeyCases: readonly ServerCase[] = defineCases('6.5', [
  {
    id: '6.5/keys-are-published',
    level: 'MUST',
    needs: NEEDS,
    title: 'public keys are shown as a JWK set of Ed25519 keys, each with its own kid and no private part',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.hook((await WebhookReceiver.start({}, ctx.ended)).url)
      const answer = await ctx.request('GET', `${ctx.basePath}/__ds/jwks.json`)
      answer.expectStatus(200).expectMediaType('application/jwk-set+json')
      const { keys } = answer.json as KeySet
      for (const { kty, crv, use, alg, x, ...rest } of keys) {
        equal([kty, crv, use, alg], ['OKP', 'Ed25519', 'sig', 'EdDSA'], 'the members of a key')
        check(/^[A-Za-z0-9_-]{43}$/.test(x ?? ''), `x is ${String(x)}`)
        equal(Object.keys(rest), ['kid'], 'the other members of a key')
      }
      const kids = keys.map(({ kid }) => kid)
      equal(new Set(kids).size, kids.length, 'how many kids there are')
      const again = (await ctx.request('GET', `${ctx.basePath}/__ds/jwks.json`)).json as KeySet
      equal(
        again.keys.map(({ kid }) => kid),
        kids,
        'the kids of a second look',
      )
    },
  },
  {
    id: '6.5/the-subscription-names-its-key',
    level: 'MAY',
    needs: NEEDS,
    title: 'a webhook subscription tells algorithm, kid and JWK set of its signatures',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({ done: true }, ctx.ended)
      await subscription.hook(receiver.url)
      const { webhook } = (await subscription.show()) as unknown as {
        webhook: { signing: { alg: string; kid: string; jwks_url: string } }
      }
      equal(webhook.signing.alg, 'ed25519', 'the algorithm')
      const { keys } = (await ctx.request('GET', new URL(webhook.signing.jwks_url).pathname)).json as KeySet
      const named = keys.filter(({ kid }) => kid === webhook.signing.kid)
      equal(named.length, 1, 'how many keys have the kid')
      await subscription.write('a')
      check(isSignedBy(await receiver.wake(1), named), 'expected the wake to be signed by the named key')
    },
  },
  {
    id: '6.5/keys-survive-a-restart',
    level: 'SHOULD',
    needs: [...NEEDS, 'restart'],
    alone: true,
    title: 'the keys, and the tokens that they vouch for, are the same after a restart',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(receiver.url)
      const keys = async (): Promise<unknown> =>
        (await ctx.request('GET', `${ctx.basePath}/__ds/jwks.json`)).json
      const before = await keys()
      await subscription.write('a')
      const wake = await receiver.wake(1)
      await ctx.restart()
      equal(await keys(), before, 'the keys after the restart')
      const ended = await subscription.report('callback', bearerOf(wake), { done: true })
      ended.expectStatus(200)
    },
  },
])
