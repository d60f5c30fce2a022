import { check, equal } from '../assertions.js'
import type { CaseContext } from '../case-context.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { expectError, TestSubscription } from '../test-subscription.js'
import { JSON_TYPE } from '../wire-names.js'
import { WebhookReceiver } from '../webhook-receiver.js'

const NEEDS = ['subscriptions'] as const

/** Addresses that a server must not call, whatever its mode. */
const REFUSED_URLS: readonly string[] = [
  'http://10.0.0.1/hook',
  'https://10.0.0.1/hook',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://0.0.0.0/',
  'https://224.0.0.1/',
  'https://[::1]/',
  'http://[::1]:9/',
  'https://[::ffff:10.0.0.1]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://167772161/',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'no url',
]

const hookOf = async (ctx: CaseContext): Promise<{ url: string }> => ({
  url: (await WebhookReceiver.start({ done: true }, ctx.ended)).url,
})

export const subscriptionRoutingCases: readonly ServerCase[] = defineCases('6', [
  {
    id: '6/reserved-paths-are-no-streams',
    level: 'MUST',
    needs: NEEDS,
    title: 'a path below __ds cannot be made a stream',
    async run(ctx) {
      for (const path of ['__ds', '__ds/x', '__ds/subscriptions']) {
        const target = `${ctx.basePath}/${path}`
        const put = await ctx.request('PUT', target, { headers: { 'Content-Type': JSON_TYPE }, body: '[]' })
        check(put.status >= 400 && put.status < 500, 'expected a refusal', put.describe())
        const read = await ctx.request('GET', target)
        check(read.status >= 400 && read.status < 500, 'expected nothing there', read.describe())
      }
    },
  },
])

export const subscriptionAddressingCases: readonly ServerCase[] = defineCases('6.1', [
  {
    id: '6.1/explicit-comes-before-glob',
    level: 'MUST',
    needs: NEEDS,
    title: 'a stream that is linked by name and by pattern is shown once, as explicit',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.write('a')
      const streams = [subscription.in('a')]
      await subscription.hook((await hookOf(ctx)).url, { streams })
      const shown = (await subscription.show()).streams
      equal(
        shown.map(({ path, link_type }) => [path, link_type]),
        [[streams[0], 'explicit']],
        'the streams',
      )
    },
  },
])

export const subscriptionCreationCases: readonly ServerCase[] = defineCases('6.2', [
  {
    id: '6.2/creates-confirms-and-conflicts',
    level: 'MUST',
    needs: NEEDS,
    title: 'a new subscription answers 201, the same again 200, another configuration 409',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const config = { type: 'webhook', pattern: subscription.in('*'), webhook: await hookOf(ctx) }
      ;(await subscription.put(config)).expectStatus(201)
      ;(await subscription.put(config)).expectStatus(200)
      for (const other of [
        { description: 'other' },
        { lease_ttl_ms: 5000 },
        { pattern: subscription.in('**') },
      ])
        expectError(await subscription.put({ ...config, ...other }), 409, 'SUBSCRIPTION_ALREADY_EXISTS')
    },
  },
  {
    id: '6.2/configurations-are-compared-in-normal-form',
    level: 'MUST',
    needs: NEEDS,
    title: 'order, duplicates and slashes at the ends make no other configuration',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const config = { type: 'webhook', webhook: await hookOf(ctx) }
      const [a, b] = [subscription.in('a'), subscription.in('b')]
      ;(await subscription.put({ ...config, streams: [a, b], pattern: a })).expectStatus(201)
      ;(
        await subscription.put({ pattern: `/${a}/`, streams: [`/${b}`, a, `${a}/`, b], ...config })
      ).expectStatus(200)
      ;(await subscription.put({ ...config, streams: [a], pattern: a })).expectStatus(409)
    },
  },
  {
    id: '6.2/streams-or-a-pattern-are-needed',
    level: 'MUST',
    needs: NEEDS,
    title: 'a subscription to nothing, of no known type, or without a target is refused with 400',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const webhook = await hookOf(ctx)
      const pattern = subscription.in('*')
      for (const config of [
        { type: 'webhook', webhook },
        { type: 'carrier-pigeon', pattern, webhook },
        { type: 'webhook', pattern },
        { type: 'pull-wake', pattern },
        { type: 'webhook', pattern, webhook, lease_ttl_ms: 999 },
        { type: 'webhook', pattern, webhook, lease_ttl_ms: 600_001 },
      ])
        expectError(await subscription.put(config), 400, 'INVALID_REQUEST')
      expectError(await subscription.get(), 404, 'SUBSCRIPTION_NOT_FOUND')
      ;(await subscription.put({ type: 'webhook', pattern, webhook, lease_ttl_ms: 1_000 })).expectStatus(201)
    },
  },
  {
    id: '6.2/unsafe-webhooks-are-refused',
    level: 'MUST',
    needs: NEEDS,
    title:
      'URLs that are not https, or lead to private, local, mapped or metadata addresses, are refused with 400',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      for (const url of REFUSED_URLS) {
        const config = { type: 'webhook', pattern: subscription.in('*'), webhook: { url } }
        expectError(await subscription.put(config), 400, 'WEBHOOK_URL_REJECTED')
      }
      expectError(await subscription.get(), 404, 'SUBSCRIPTION_NOT_FOUND')
    },
  },
  {
    id: '6.2/no-response-holds-a-secret',
    level: 'MUST',
    needs: NEEDS,
    title: 'no response holds a shared secret or a private key',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const created = await subscription.hook((await hookOf(ctx)).url)
      const keys = await ctx.request('GET', `${ctx.basePath}/__ds/jwks.json`)
      for (const answer of [created, await subscription.get(), keys])
        if (/secret|private|"d":/.test(answer.text)) answer.fail('expected no secret')
    },
  },
  {
    id: '6.2/existing-streams-are-linked-at-their-tail',
    level: 'MUST',
    needs: NEEDS,
    title: 'streams that exist are linked at their tail at once, and what they had before wakes nobody',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const tail = await subscription.write('old')
      const receiver = await WebhookReceiver.start({ done: true }, ctx.ended)
      await subscription.hook(receiver.url)
      equal(await subscription.cursor('old'), tail, 'the cursor of the existing stream')
      await subscription.write('new')
      const { body } = await receiver.wake(1)
      equal(
        body.streams.map(({ path }) => path),
        [subscription.in('new')],
        'the streams of the wake',
      )
      equal(body.streams[0]?.acked_offset, '-1', 'where the new stream begins')
    },
  },
  {
    id: '6.2/stars-match-segments',
    level: 'MUST',
    needs: NEEDS,
    title: 'a star matches one segment, two stars any number, also none',
    async run(ctx) {
      const names = ['a', 'x/a', 'x/y/a', 'x/b', 'x/a/b']
      const base = new TestSubscription(ctx)
      for (const name of names) await base.write(name)
      const webhook = await hookOf(ctx)
      for (const [pattern, expected] of [
        ['*', ['a']],
        ['x/*', ['x/a', 'x/b']],
        ['*/a', ['x/a']],
        ['**/a', ['a', 'x/a', 'x/y/a']],
        ['**', names],
        ['x/**', ['x/a', 'x/a/b', 'x/b', 'x/y/a']],
        ['x/**/a', ['x/a', 'x/y/a']],
      ] as const) {
        const subscription = new TestSubscription(ctx)
        ;(await subscription.put({ type: 'webhook', pattern: base.in(pattern), webhook })).expectStatus(201)
        const linked = (await subscription.show()).streams.map(({ path }) => path).sort()
        equal(
          linked,
          [...expected].sort().map((name) => base.in(name)),
          `what ${pattern} matches`,
        )
      }
    },
  },
  {
    id: '6.2/many-double-stars-are-matched-in-time',
    level: 'SHOULD',
    needs: NEEDS,
    title: 'a pattern with many double stars does not hold the server up',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.write(`${'a/'.repeat(60)}b`)
      const config = { type: 'webhook', webhook: await hookOf(ctx) }
      const created = await subscription.put({
        ...config,
        pattern: subscription.in(`${'**/a/'.repeat(8)}**/c`),
      })
      created.expectStatus(201).expectWithin(2_000)
    },
  },
])
