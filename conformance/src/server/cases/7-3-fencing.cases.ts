import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { expectError, TestSubscription } from '../test-subscription.js'
import { WebhookReceiver } from '../webhook-receiver.js'

const NEEDS = ['subscriptions'] as const

export const fencingCases: readonly ServerCase[] = defineCases('7.3', [
  {
    id: '7.3/token-generation-and-wake-must-agree',
    level: 'MUST',
    needs: NEEDS,
    title:
      'a report with another wake id or generation than the current ones is FENCED, one without a good token 401',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      const tail = await subscription.write('jobs/a')
      const claim = await subscription.claimed('w')
      const more = { acks: [subscription.ackOf('jobs/a', tail)], done: true }
      for (const over of [{ wake_id: 'w_other' }, { generation: 2 }, { generation: 0 }])
        for (const resource of ['ack', 'release'])
          expectError(await subscription.report(resource, { ...claim, ...over }, more), 409, 'FENCED')
      for (const token of ['', 'nonsense', `${claim.token}x`, claim.token.slice(0, -4)])
        expectError(await subscription.report('ack', { ...claim, token }, more), 401, 'TOKEN_INVALID')
      equal(await subscription.cursor('jobs/a'), '-1', 'the cursor')
      ;(await subscription.report('ack', claim, more)).expectStatus(200)
    },
  },
  {
    id: '7.3/tokens-belong-to-one-subscription',
    level: 'MUST',
    needs: NEEDS,
    title: 'the token of one subscription is none of another',
    async run(ctx) {
      const [one, other] = [new TestSubscription(ctx), new TestSubscription(ctx)]
      await Promise.all([one.pool(), other.pool()])
      await Promise.all([one.write('jobs/a'), other.write('jobs/a')])
      const claim = await one.claimed('w')
      const foreign = await other.claimed('w')
      expectError(
        await other.report('ack', { ...foreign, token: claim.token }, { done: true }),
        401,
        'TOKEN_INVALID',
      )
    },
  },
  {
    id: '7.3/an-expired-lease-is-taken-over',
    level: 'MUST',
    needs: NEEDS,
    slow: true,
    title: 'when a lease runs out another worker gets the work, and the late one is FENCED and moves nothing',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool({ lease_ttl_ms: 1_000 })
      const tail = await subscription.write('jobs/a')
      const slow = await subscription.claimed('slow')
      const wakes = await subscription.wakesReach(2)
      equal(wakes[1]!['generation'], slow.generation + 1, 'the generation of the next event')
      const next = await subscription.claimed('next')
      const report = { acks: [subscription.ackOf('jobs/a', tail)], done: true }
      expectError(await subscription.report('ack', slow, report), 409, 'FENCED')
      equal(await subscription.cursor('jobs/a'), '-1', 'the cursor after the late ack')
      ;(await subscription.report('ack', next, report))
        .expectStatus(200)
        .expectJson({ ok: true, next_wake: false })
      equal(await subscription.cursor('jobs/a'), tail, 'the cursor')
    },
  },
  {
    id: '7.3/a-silent-webhook-is-woken-anew',
    level: 'MUST',
    needs: NEEDS,
    slow: true,
    title: 'a receiver that accepts a wake and falls silent gets a new one when its lease has run out',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const receiver = await WebhookReceiver.start({}, ctx.ended)
      await subscription.hook(receiver.url, { lease_ttl_ms: 1_000 })
      await subscription.write('a')
      const [first, second] = [await receiver.wake(1), await receiver.wake(2)]
      equal(second.body.generation, first.body.generation + 1, 'the generation')
    },
  },
  {
    id: '7.3/every-event-is-processed-by-racing-workers',
    level: 'MUST',
    needs: NEEDS,
    slow: true,
    title: 'workers that race, stall and give up process everything, and no cursor ever goes back',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool({ lease_ttl_ms: 1_000 })
      const tails: Record<string, string> = {}
      const writing = (async () => {
        for (let i = 0; i < 30; i++) tails[`jobs/${i % 3}`] = await subscription.write(`jobs/${i % 3}`)
      })()
      const cursors: Record<string, string> = {}
      let claims = 0
      const work = async (worker: number): Promise<void> => {
        const answer = await subscription.claim(`w${worker}`)
        if (answer.status !== 200) return
        const claim = answer.json as Awaited<ReturnType<TestSubscription['claimed']>>
        // Every third one gives up.
        if (++claims % 3 === 0) {
          await subscription.report('release', claim)
          return
        }
        const acks = claim.streams.map(({ path, tail_offset }) => ({ stream: path, offset: tail_offset }))
        await subscription.report('ack', claim, { acks, done: true })
      }
      await ctx.eventually(async () => {
        await Promise.all([work(1), work(2), work(3)])
        for (const { path, acked_offset } of (await subscription.show()).streams) {
          const before = cursors[path] ?? ''
          if (acked_offset !== '-1' && acked_offset < before)
            throw new Error(`the cursor of ${path} went back`)
          if (acked_offset !== '-1') cursors[path] = acked_offset
        }
        await Promise.race([writing, ctx.sleep(1)])
        for (const [name, tail] of Object.entries(tails))
          equal(cursors[subscription.in(name)], tail, `the cursor of ${name}`)
        equal(Object.keys(tails).length, 3, 'how many streams were written')
      }, 12_000)
      await writing
    },
  },
  {
    id: '7.3/leases-survive-a-restart',
    level: 'MUST',
    needs: [...NEEDS, 'restart'],
    alone: true,
    title: 'a claim, its token and the cursors are the same after a restart',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool({ lease_ttl_ms: 60_000 })
      const [a, b] = [await subscription.write('jobs/a'), await subscription.write('jobs/b')]
      await subscription.linked('jobs/a', 'jobs/b')
      const claim = await subscription.claimed('w')
      ;(await subscription.report('ack', claim, { acks: [subscription.ackOf('jobs/a', a)] })).expectStatus(
        200,
      )
      await ctx.restart()
      expectError(await subscription.claim('other'), 409, 'ALREADY_CLAIMED')
      equal(await subscription.cursor('jobs/a'), a, 'the cursor after the restart')
      const done = await subscription.report('ack', claim, {
        acks: [subscription.ackOf('jobs/b', b)],
        done: true,
      })
      done.expectStatus(200).expectJson({ ok: true, next_wake: false })
      equal((await subscription.wakes()).length, 1, 'how many events there are')
    },
  },
])
