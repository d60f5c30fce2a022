import { check, equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { expectError, TestSubscription } from '../test-subscription.js'

const NEEDS = ['subscriptions'] as const

export const pullWakeCases: readonly ServerCase[] = defineCases('7.2', [
  {
    id: '7.2/an-append-writes-one-event',
    level: 'MUST',
    needs: NEEDS,
    title: 'pending work writes one event to the wake stream, and more of it no further one',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      for (let i = 0; i < 5; i++) await subscription.write('jobs/a')
      await subscription.wakesReach(1)
      await subscription.write('jobs/a')
      await ctx.sleep(300)
      const wakes = await subscription.wakes()
      equal(wakes.length, 1, 'how many events there are')
      const { ts, ...event } = wakes[0]!
      const expected = {
        type: 'wake',
        subscription_id: subscription.id,
        stream: subscription.in('jobs/a'),
        generation: 1,
      }
      equal(event, expected, 'the event')
      check(Math.abs(Number(ts) - Date.now()) < 120_000, `ts is ${String(ts)}`)
    },
  },
  {
    id: '7.2/a-claim-gives-the-streams',
    level: 'MUST',
    needs: NEEDS,
    title: 'a claim gives wake, token and pending streams; without pending work it fails',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool({ lease_ttl_ms: 5_000 })
      expectError(await subscription.claim('w'), 409, 'NO_PENDING_WORK')
      const tail = await subscription.write('jobs/a')
      const claim = await subscription.claimed('w')
      equal([claim.generation, claim.lease_ttl_ms], [1, 5_000], 'the generation and the lease')
      equal(
        claim.streams,
        [
          {
            path: subscription.in('jobs/a'),
            link_type: 'glob',
            acked_offset: '-1',
            tail_offset: tail,
            has_pending: true,
          },
        ],
        'the streams',
      )
      check(typeof claim.token === 'string' && claim.token !== '', 'expected a token')
    },
  },
  {
    id: '7.2/one-claim-wins',
    level: 'MUST',
    needs: NEEDS,
    title: 'of many claims at once one wins; the others are told who holds the lease',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      await subscription.write('jobs/a')
      await subscription.wakesReach(1)
      const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => subscription.claim(`w${i}`)))
      const won = claims.flatMap((claim, i) => (claim.status === 200 ? [i] : []))
      equal(won.length, 1, 'how many claims won')
      for (const claim of claims.filter(({ status }) => status !== 200)) {
        expectError(claim, 409, 'ALREADY_CLAIMED')
        const { error } = claim.json as { error: { current_holder: string; generation: number } }
        equal([error.current_holder, error.generation], [`w${won[0]!}`, 1], 'who is said to hold the lease')
      }
    },
  },
  {
    id: '7.2/acks-move-cursors-and-done-ends',
    level: 'MUST',
    needs: NEEDS,
    title: 'acks move cursors; done ends the claim and says whether there is more',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      const [a, b] = [await subscription.write('jobs/a'), await subscription.write('jobs/b')]
      await subscription.linked('jobs/a', 'jobs/b')
      const claim = await subscription.claimed('w')
      const first = await subscription.report('ack', claim, { acks: [subscription.ackOf('jobs/a', a)] })
      first.expectStatus(200).expectJson({ ok: true, next_wake: false })
      equal(await subscription.cursor('jobs/a'), a, 'the cursor')
      const done = await subscription.report('ack', claim, { done: true })
      done.expectStatus(200).expectJson({ ok: true, next_wake: true })
      const next = await subscription.claimed('w')
      equal(next.generation, claim.generation + 1, 'the next generation')
      equal(
        next.streams.map(({ path }) => path),
        [subscription.in('jobs/b')],
        'what is left',
      )
      const last = await subscription.report('ack', next, {
        acks: [subscription.ackOf('jobs/b', b)],
        done: true,
      })
      last.expectStatus(200).expectJson({ ok: true, next_wake: false })
    },
  },
  {
    id: '7.2/heartbeats-keep-the-lease',
    level: 'MUST',
    needs: NEEDS,
    slow: true,
    title: 'an ack without done makes the lease last longer',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool({ lease_ttl_ms: 1_500 })
      const tail = await subscription.write('jobs/a')
      const claim = await subscription.claimed('w')
      for (let i = 0; i < 4; i++) {
        await ctx.sleep(700)
        ;(await subscription.report('ack', claim)).expectStatus(200)
        expectError(await subscription.claim('other'), 409, 'ALREADY_CLAIMED')
      }
      const report = { acks: [subscription.ackOf('jobs/a', tail)], done: true }
      ;(await subscription.report('ack', claim, report)).expectStatus(200)
    },
  },
  {
    id: '7.2/a-release-wakes-again',
    level: 'MUST',
    needs: NEEDS,
    title:
      'work that is pending after a release is announced again and can be claimed; the released claim is fenced',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      await subscription.write('jobs/a')
      await subscription.wakesReach(1)
      const claim = await subscription.claimed('w')
      ;(await subscription.report('release', claim)).expectStatus(204)
      const wakes = await subscription.wakesReach(2)
      equal(wakes[1]!['generation'], 2, 'the generation of the next event')
      expectError(await subscription.report('release', claim), 409, 'FENCED')
      expectError(await subscription.report('ack', claim, { done: true }), 409, 'FENCED')
      equal((await subscription.claimed('v')).generation, 2, 'the generation of the next claim')
    },
  },
  {
    id: '7.2/the-wake-stream-is-not-made',
    level: 'MUST',
    needs: NEEDS,
    title: 'the server does not make the wake stream; once the application has, the wake comes',
    slow: true,
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      const config = {
        type: 'pull-wake',
        pattern: subscription.in('jobs/*'),
        wake_stream: subscription.in('wake'),
      }
      ;(await subscription.put(config)).expectStatus(201)
      await subscription.write('jobs/a')
      await ctx.sleep(300)
      ;(await subscription.stream('wake').head()).expectStatus(404)
      ;(await subscription.stream('wake').put({ body: '[]' })).expectStatus(201)
      await subscription.wakesReach(1)
    },
  },
  {
    id: '7.2/invalid-offsets-move-nothing',
    level: 'SHOULD',
    needs: NEEDS,
    title:
      'acks of unknown streams, sentinels, offsets beyond the tail or before the cursor are refused as a whole',
    async run(ctx) {
      const subscription = new TestSubscription(ctx)
      await subscription.pool()
      const first = await subscription.write('jobs/a')
      const [a, b] = [await subscription.write('jobs/a'), await subscription.write('jobs/b')]
      await subscription.linked('jobs/a', 'jobs/b')
      const claim = await subscription.claimed('w')
      const good = subscription.ackOf('jobs/b', b)
      for (const bad of [
        subscription.ackOf('jobs/none', a),
        subscription.ackOf('jobs/a', '-1'),
        subscription.ackOf('jobs/a', `9${a.slice(1)}`),
        subscription.ackOf('jobs/a', 'nonsense'),
      ])
        expectError(await subscription.report('ack', claim, { acks: [good, bad] }), 409, 'INVALID_OFFSET')
      equal(await subscription.cursor('jobs/b'), '-1', 'the cursor beside a bad ack')
      ;(await subscription.report('ack', claim, { acks: [subscription.ackOf('jobs/a', a)] })).expectStatus(
        200,
      )
      const back = await subscription.report('ack', claim, { acks: [subscription.ackOf('jobs/a', first)] })
      expectError(back, 409, 'INVALID_OFFSET')
      equal(await subscription.cursor('jobs/a'), a, 'the cursor')
    },
  },
])
