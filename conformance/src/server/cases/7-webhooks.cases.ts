import { check, equal } from '../assertions.js'
import { bearerOf, expectError, TestSubscription } from '../test-subscription.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { isSignedBy, WebhookReceiver } from '../webhook-receiver.js'

const NEEDS = ['subscriptions'] as const
/** Longer than a server takes to make a call that it must not make. */
const QUIET_MS = 500

export const webhookCases: readonly ServerCase[] = defineCases('7.1', [
  {
    id: '7.1/an-append-posts-a-signed-wake',
    level: 'MUST',
    needs: NEEDS,
    title: 'an append posts one wake, signed over time and raw body, with the stream and a callback',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({ done: true }, ctx.ended)
      await subscription.hook(receiver.url)
      const tail = await subscription.write('a')
      const wake = await receiver.wake(1)
      const { keys } = (await ctx.request('GET', `${ctx.basePath}/__ds/jwks.json`)).json as { keys: [] }
      check(isSignedBy(wake, keys), `expected a signature by a published key, got ${wake.signature}`)
      const time = Number(/^t=(\d+),/.exec(wake.signature)?.[1])
      check(Math.abs(time - Date.now() / 1000) < 60, `the time of the signature is ${time}`)
      equal(wake.contentType.split(';')[0], 'application/json', 'the content type')
      const { subscription_id, generation, streams, callback_url } = wake.body
      equal([subscription_id, generation], [subscription.id, 1], 'the subscription and its generation')
      const stream = {
        path: subscription.in('a'),
        link_type: 'glob',
        acked_offset: '-1',
        tail_offset: tail,
        has_pending: true,
      }
      equal(streams, [stream], 'the streams')
      equal(new URL(callback_url).pathname, `${subscription.path}/callback`, 'the callback')
    },
  },
  {
    id: '7.1/done-acks-the-snapshot',
    level: 'MUST',
    needs: NEEDS,
    title: 'an answer of done acks the tails of the wake and ends it',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({ done: true }, ctx.ended)
      await subscription.hook(receiver.url)
      const tail = await subscription.write('a')
      const wake = await receiver.wake(1)
      await ctx.eventually(async () => equal(await subscription.cursor('a'), tail, 'the cursor'), 5_000)
      expectError(await subscription.report('callback', bearerOf(wake), { done: true }), 409, 'FENCED')
    },
  },
  {
    id: '7.1/later-events-wake-again',
    level: 'MUST',
    needs: NEEDS,
    title:
      'what comes after the snapshot waits for the end of the wake, and then wakes with the next generation',
    slow: true,
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(receiver.url)
      const first = await subscription.write('a')
      const wake = await receiver.wake(1)
      await subscription.write('a')
      await subscription.write('b')
      await ctx.sleep(QUIET_MS)
      equal(receiver.received.length, 1, 'how many wakes are in flight')
      receiver.answer = { done: true }
      const acks = [subscription.ackOf('a', first)]
      const ended = await subscription.report('callback', bearerOf(wake), { acks, done: true })
      ended.expectStatus(200).expectJson({ ok: true, next_wake: true })
      const { body } = await receiver.wake(2)
      equal(body.generation, wake.body.generation + 1, 'the next generation')
      check(body.wake_id !== wake.body.wake_id, 'expected another wake id')
      const woken = body.streams.map(({ path, acked_offset }) => [path, acked_offset]).sort()
      equal(
        woken,
        [
          [subscription.in('a'), first],
          [subscription.in('b'), '-1'],
        ],
        'the streams of the next wake',
      )
    },
  },
  {
    id: '7.1/callbacks-are-fenced',
    level: 'MUST',
    needs: NEEDS,
    title: 'a callback acks and ends its wake; the same once more answers 409 FENCED',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(receiver.url)
      const tail = await subscription.write('a')
      const wake = bearerOf(await receiver.wake(1))
      const report = { acks: [subscription.ackOf('a', tail)], done: true }
      ;(await subscription.report('callback', wake, report))
        .expectStatus(200)
        .expectJson({ ok: true, next_wake: false })
      expectError(await subscription.report('callback', wake, report), 409, 'FENCED')
      equal(await subscription.cursor('a'), tail, 'the cursor')
    },
  },
  {
    id: '7.1/failures-are-tried-again',
    level: 'MUST',
    needs: NEEDS,
    slow: true,
    title:
      'a failed call is repeated with the same wake after about 1 s and 2 s, and meanwhile the status is failed',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start(500, ctx.ended)
      await subscription.hook(receiver.url)
      await subscription.write('a')
      const first = await receiver.wake(1)
      await ctx.eventually(
        async () => equal((await subscription.show()).status, 'failed', 'the status'),
        3_000,
      )
      const second = await receiver.wake(2)
      receiver.answer = { done: true }
      const third = await receiver.wake(3)
      const [short, long] = [second.at - first.at, third.at - second.at]
      check(short >= 700 && short < 2_500, `the first pause is ${short} ms`)
      check(long >= 1_500 && long < 4_500, `the second pause is ${long} ms`)
      equal(
        [second, third].map(({ body }) => body.wake_id),
        [first.body.wake_id, first.body.wake_id],
        'the wakes',
      )
      await ctx.eventually(
        async () => equal((await subscription.show()).status, 'active', 'the status'),
        3_000,
      )
    },
  },
  {
    id: '7.1/redirects-are-not-followed',
    level: 'SHOULD',
    needs: NEEDS,
    slow: true,
    title: 'a redirect is a failure like any other, so that it cannot lead to where the URL could not',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start(307, ctx.ended)
      await subscription.hook(receiver.url)
      await subscription.write('a')
      await receiver.wake(1)
      await ctx.eventually(
        async () => equal((await subscription.show()).status, 'failed', 'the status'),
        3_000,
      )
    },
  },
  {
    id: '7.1/retries-survive-a-restart',
    level: 'MUST',
    needs: [...NEEDS, 'restart'],
    alone: true,
    title: 'after a restart the wake is neither lost nor another one, and its turn comes when it was to come',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start(503, ctx.ended)
      await subscription.hook(receiver.url)
      await subscription.write('a')
      await receiver.wake(2)
      await ctx.eventually(
        async () => equal((await subscription.show()).status, 'failed', 'the status'),
        3_000,
      )
      const before = receiver.received.length
      await ctx.restart()
      receiver.answer = { done: true }
      // Where a server begins to work with its first request only, this is it.
      await subscription.show()
      const next = await receiver.wake(before + 1)
      equal(next.body.wake_id, receiver.received[0]!.body.wake_id, 'the wake')
      await ctx.eventually(
        async () => equal((await subscription.show()).status, 'active', 'the status'),
        5_000,
      )
    },
  },
])
