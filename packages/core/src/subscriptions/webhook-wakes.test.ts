import { describe, expect, test } from 'vitest'
import { SubscriptionNode, reportOf } from '../../test/subscription-node.js'
import { decideDelivered, decideFailed } from './decide-delivery.js'
import { pathOf } from '../../test/requests.js'

describe('a webhook subscription', () => {
  test('an append posts one wake with the stream, and done acknowledges its tail', async () => {
    const node = new SubscriptionNode()
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    expect(node.posts).toHaveLength(1)
    const [post] = node.posts
    expect(post).toMatchObject({ subscriptionId: 's', baseUrl: 'http://base', timeoutMs: 27_000 })
    const tail = await node.tail('events/a')
    expect(post!.wake.generation).toBe(1)
    expect(post!.streams).toEqual([{ path: 'events/a', linkType: 'glob', acked: '-1', tail }])
    expect(await node.cursors('s')).toEqual({ 'events/a': tail })
    await node.advance(120_000)
    expect(node.posts).toHaveLength(1)
    expect(node.faults).toEqual([])
  })

  test('what comes after the snapshot wakes again, with the next generation', async () => {
    const node = new SubscriptionNode({ answer: null })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    await node.write('events/a')
    await node.write('events/b')
    await node.settle()
    expect(node.posts).toHaveLength(1)
    node.posts[0]!.answer({ kind: 'done' })
    await node.settle()
    const [first, second] = node.posts
    expect(second!.wake.generation).toBe(2)
    expect(second!.wake.wakeId).not.toBe(first!.wake.wakeId)
    expect(second!.streams.map(({ path, acked }) => [path, acked])).toEqual([
      ['events/a', first!.streams[0]!.tail],
      ['events/b', '-1'],
    ])
  })

  test('a failure is tried again with the same wake after 1 s, 2 s, 4 s, up to a minute', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'failed', reason: 'it is down' } })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    const delays: number[] = []
    for (let i = 1; i <= 9; i++) {
      const state = (await node.service.read('s'))!
      expect(state.wake!.phase).toBe('retrying')
      const delay = state.wake!.nextAttemptAt! - node.environment.now()
      delays.push(Math.ceil((delay + 10) / 1000) * 1000)
      await node.advance(delay - 1)
      expect(node.posts).toHaveLength(i)
      await node.advance(11)
      expect(node.posts).toHaveLength(i + 1)
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    expect(new Set(node.posts.map(({ wake }) => wake.wakeId)).size).toBe(1)
    node.answer = { kind: 'done' }
    await node.advance(61_000)
    expect((await node.service.read('s'))!.wake).toBeNull()
  })

  test('a receiver that works on is left alone for its lease, then the wake is raised anew and the old one fenced', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'accepted' } })
    await node.create('s', { leaseTtlMs: 1_000 })
    await node.write('events/a')
    await node.settle()
    await node.advance(900)
    expect(node.posts).toHaveLength(1)
    await node.advance(110)
    expect(node.posts.map(({ wake }) => wake.generation)).toEqual([1, 2])
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    const late = await node.service.ack('s', reportOf(node.posts[0]!.wake, { acks }))
    expect(late).toEqual({ kind: 'fenced' })
    expect(await node.cursors('s')).toEqual({ 'events/a': '-1' })
  })

  test('callbacks prolong the lease, and the last one ends the wake', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'accepted' } })
    await node.create('s', { leaseTtlMs: 1_000 })
    await node.write('events/a')
    await node.settle()
    const { wake } = node.posts[0]!
    for (let i = 0; i < 5; i++) {
      await node.advance(900)
      const beat = await node.service.ack('s', reportOf(wake, { done: false }))
      expect(beat).toEqual({ kind: 'acked', nextWake: false })
    }
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    expect(await node.service.ack('s', reportOf(wake, { acks }))).toEqual({ kind: 'acked', nextWake: false })
    expect(await node.service.ack('s', reportOf(wake, { acks }))).toEqual({ kind: 'fenced' })
    await node.advance(5_000)
    expect(node.posts).toHaveLength(1)
  })

  test('a late done of an older wake moves nothing', async () => {
    const node = new SubscriptionNode({ answer: null })
    await node.create('s', { leaseTtlMs: 1_000 })
    await node.write('events/a')
    await node.settle()
    const slow = node.posts[0]!
    expect(await node.service.ack('s', reportOf(slow.wake, { acks: [] }))).toEqual({
      kind: 'acked',
      nextWake: true,
    })
    slow.answer({ kind: 'done' })
    await node.settle()
    expect(await node.cursors('s')).toEqual({ 'events/a': '-1' })
    expect(node.posts.map(({ wake }) => wake.generation)).toEqual([1, 2])
  })

  test('an append between the look at a tail and the commit of its ack wakes again', async () => {
    const node = new SubscriptionNode({ answer: null, limits: { scanIntervalMs: 0 } })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    const held: (() => void)[] = []
    node.store.pace = (what, step) => {
      if (what === 'answer load events/a' && held.length === 0) held.push(step)
      else step()
    }
    const acked = node.service.ack('s', reportOf(node.posts[0]!.wake, { acks }))
    await node.settle()
    await node.write('events/a')
    await node.settle()
    held[0]!()
    expect(await acked).toEqual({ kind: 'acked', nextWake: false })
    await node.settle()
    expect(node.posts.map(({ wake }) => wake.generation)).toEqual([1, 2])
  })

  test('done never takes back what a callback has acknowledged beyond the snapshot', async () => {
    const node = new SubscriptionNode({ answer: null })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    await node.write('events/a')
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    await node.service.ack('s', reportOf(node.posts[0]!.wake, { acks, done: false }))
    node.posts[0]!.answer({ kind: 'done' })
    await node.settle()
    expect(await node.cursors('s')).toEqual({ 'events/a': await node.tail('events/a') })
    expect((await node.service.read('s'))!.wake).toBeNull()
  })

  test('what became of an earlier try does not count for a later one', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'failed', reason: 'no' } })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    node.answer = null
    await node.advance(1_500)
    const state = (await node.service.read('s'))!
    const { wake } = node.posts[1]!
    const actor = { node: '1', clockSkewMs: 0, newWakeId: 'w' }
    const judge = (attempt: number): string[] => [
      decideFailed(state, { wake, attempt }, 1_000, actor, node.environment.now()).outcome.kind,
      decideDelivered(state, { wake, attempt }, null, new Map(), actor, node.environment.now()).outcome.kind,
    ]
    expect(judge(1)).toEqual(['fenced', 'fenced'])
    expect(judge(2)).toEqual(['recorded', 'recorded'])
  })

  test('a callback that came while the post failed is worth more than the failure', async () => {
    const node = new SubscriptionNode({ answer: null })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    await node.service.ack('s', reportOf(node.posts[0]!.wake, { done: false }))
    node.posts[0]!.answer({ kind: 'failed', reason: 'the answer broke off' })
    await node.advance(5_000)
    expect((await node.service.read('s'))!.wake).toMatchObject({ phase: 'held', failures: 0 })
    expect(node.posts).toHaveLength(1)
  })

  test('a busy stream costs no commit per append while a wake is in flight', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'accepted' } })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    const before = node.disk.log.length
    for (let i = 0; i < 100; i++) {
      await node.write('events/a')
      await node.settle()
    }
    expect(node.disk.log.length - before).toBe(100)
  })

  test('more streams than one wake tells are told by the next ones', async () => {
    const node = new SubscriptionNode({ limits: { maxWakeStreams: 10 }, answer: null })
    await node.create('s')
    for (let i = 0; i < 25; i++) await node.write(`events/${i}`)
    const told = new Set<string>()
    for (let i = 0; i < 5 && told.size < 25; i++) {
      await node.settle()
      const post = node.posts.at(-1)!
      expect(post.streams.length).toBeLessThanOrEqual(10)
      for (const { path } of post.streams) told.add(path)
      post.answer({ kind: 'done' })
    }
    expect(told.size).toBe(25)
  })

  test('a slow receiver has at most so many posts at a time, and holds up nobody else', async () => {
    const node = new SubscriptionNode({ answer: null, limits: { maxDeliveriesPerTarget: 2 } })
    for (let i = 0; i < 6; i++) await node.create(`slow${i}`)
    await node.create('quick', { webhookUrl: 'https://other.test/' })
    await node.write('events/a')
    await node.settle()
    expect(node.posts.map(({ subscriptionId }) => subscriptionId)).toEqual(['slow0', 'slow1', 'quick'])
    for (let i = 0; i < 7; i++) {
      node.posts[i]!.answer({ kind: 'done' })
      await node.settle()
    }
    expect(new Set(node.posts.map(({ subscriptionId }) => subscriptionId)).size).toBe(7)
    expect(node.posts).toHaveLength(7)
  })

  test('a stop breaks posts off and notes it, and the next start tries again at once', async () => {
    const node = new SubscriptionNode({ answer: null })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    node.posts[0]!.onAbort(() => node.posts[0]!.answer({ kind: 'failed', reason: 'stopping' }))
    await node.service.close()
    node.crash()
    const next = new SubscriptionNode({ disk: node.disk, name: '2', time: node.environment.now() })
    await next.settle()
    expect(next.posts[0]!.wake.wakeId).toBe(node.posts[0]!.wake.wakeId)
  })

  test('a restart honours the time of the next attempt', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'failed', reason: 'no' } })
    await node.create('s')
    await node.write('events/a')
    await node.advance(3_500)
    expect(node.posts).toHaveLength(3)
    const { nextAttemptAt } = (await node.service.read('s'))!.wake!
    node.crash()
    const next = new SubscriptionNode({ disk: node.disk, name: '2', time: node.environment.now() })
    await next.advance(nextAttemptAt! - next.environment.now() - 1)
    expect(next.posts).toHaveLength(0)
    await next.advance(20)
    expect(next.posts[0]!.wake.wakeId).toBe(node.posts[0]!.wake.wakeId)
  })
})
