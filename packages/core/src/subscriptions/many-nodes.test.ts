import type { SubscriptionNodeOptions } from '../../test/subscription-node.js'
import { describe, expect, test } from 'vitest'
import { SubscriptionNode, advanceAll, reportOf } from '../../test/subscription-node.js'
import { TestDisk } from '../../test/test-disk.js'
import { creation, pathOf } from '../../test/requests.js'

function startNodes(count: number, options: SubscriptionNodeOptions = {}): SubscriptionNode[] {
  const disk = new TestDisk()
  return Array.from(
    { length: count },
    (_, i) => new SubscriptionNode({ disk, name: String(i + 1), isShared: true, ...options }),
  )
}

const postsOf = (nodes: readonly SubscriptionNode[]): number[] =>
  nodes.flatMap(({ posts }) => posts.map(({ wake }) => wake.generation)).sort((a, b) => a - b)

describe('several nodes over one store', () => {
  test('an append on any node wakes once, whichever node made the subscription', async () => {
    const nodes = startNodes(3)
    await nodes[0]!.create('s')
    await advanceAll(nodes, 1_000)
    for (let i = 1; i <= 6; i++) {
      await nodes[i % 3]!.write('events/a')
      await advanceAll(nodes, 2_000)
      expect(postsOf(nodes)).toEqual(Array.from({ length: i }, (_, n) => n + 1))
    }
    expect(nodes.flatMap(({ faults }) => faults)).toEqual([])
  })

  test('an append on a node that has not heard of a new subscription wakes all the same', async () => {
    const nodes = startNodes(2, { limits: { scanIntervalMs: 0 } })
    await advanceAll(nodes, 500)
    await nodes[0]!.create('s', { pattern: 'x/*' })
    await nodes[1]!.write('x/a')
    await advanceAll(nodes, 2_000)
    expect(postsOf(nodes)).toEqual([1])
    await nodes[0]!.service.link('s', [pathOf('manual')])
    await nodes[1]!.write('manual')
    await advanceAll(nodes, 2_000)
    expect(postsOf(nodes)).toEqual([1, 2])
  })

  test('appends on all of them at once cost one wake in flight', async () => {
    const nodes = startNodes(3, { answer: { kind: 'accepted' } })
    await nodes[0]!.create('s')
    await advanceAll(nodes, 1_000)
    await Promise.all(nodes.map((node, i) => node.write(`events/${i}`)))
    await advanceAll(nodes, 2_000)
    expect(postsOf(nodes)).toEqual([1])
    const state = (await nodes[1]!.service.read('s'))!
    expect([...state.pending].sort()).toEqual(['events/0', 'events/1', 'events/2'])
  })

  test('an explicit stream that was linked on one node wakes for an append on another', async () => {
    const nodes = startNodes(2)
    await nodes[0]!.create('s', { pattern: 'none' })
    await advanceAll(nodes, 1_000)
    await nodes[0]!.service.link('s', [pathOf('manual')])
    await advanceAll(nodes, 100)
    await nodes[1]!.write('manual')
    await advanceAll(nodes, 1_000)
    expect(postsOf(nodes)).toEqual([1])
  })

  test('a node that dies in the middle of a post is taken over when its lease has run out, by clocks that differ', async () => {
    const [first, second] = startNodes(2, { answer: null }) as [SubscriptionNode, SubscriptionNode]
    await first.create('s', { leaseTtlMs: 1_000 })
    await advanceAll([first, second], 1_000)
    await first.write('events/a')
    await first.settle()
    expect(first.posts).toHaveLength(1)
    first.crash()
    second.environment.time += 3_000
    await second.advance(1_500)
    expect(second.posts).toHaveLength(0)
    for (let i = 0; i < 80 && second.posts.length === 0; i++) await second.advance(50)
    expect(second.posts.map(({ wake }) => wake.generation)).toEqual([2])
    second.posts[0]!.answer({ kind: 'done' })
    await second.settle()
    expect(await second.cursors('s')).toEqual({ 'events/a': await second.tail('events/a') })
  })

  test('a retry is made by one node', async () => {
    const nodes = startNodes(3, { answer: { kind: 'failed', reason: 'no' } })
    await nodes[0]!.create('s')
    await advanceAll(nodes, 1_000)
    await nodes[1]!.write('events/a')
    await advanceAll(nodes, 20_000)
    const attempts = nodes.flatMap(({ posts }) => posts)
    expect(attempts.length).toBeGreaterThan(3)
    expect(attempts.length).toBeLessThan(8)
    expect(new Set(attempts.map(({ wake }) => wake.wakeId)).size).toBe(1)
  })

  test('concurrent claims on different nodes have one winner, and a wake is announced once', async () => {
    const nodes = startNodes(3)
    await nodes[0]!.engine.create(pathOf('wake'), creation('[]', { contentType: 'application/json' }))
    await nodes[0]!.create('p', { type: 'pull-wake' })
    await advanceAll(nodes, 1_000)
    for (let round = 1; round <= 5; round++) {
      await nodes[round % 3]!.write('events/a')
      await advanceAll(nodes, 2_000)
      const claims = await Promise.all(
        nodes.flatMap((node, i) => [node.service.claim('p', `a${i}`), node.service.claim('p', `b${i}`)]),
      )
      const won = claims.filter((claim) => claim.kind === 'claimed')
      expect(won).toHaveLength(1)
      expect((await nodes[0]!.wakes()).map(({ generation }) => generation)).toEqual(
        Array.from({ length: round }, (_, i) => i + 1),
      )
      const acks = [{ path: pathOf('events/a'), offset: await nodes[0]!.tail('events/a') }]
      const other = nodes[(round + 1) % 3]!
      expect(await other.service.ack('p', reportOf(won[0]!.wake, { acks }))).toEqual({
        kind: 'acked',
        nextWake: false,
      })
      await advanceAll(nodes, 500)
    }
  })

  test('a claim finds what another node is about to dispatch', async () => {
    const nodes = startNodes(2) as [SubscriptionNode, SubscriptionNode]
    await nodes[0].engine.create(pathOf('wake'), creation('[]', { contentType: 'application/json' }))
    await nodes[0].create('p', { type: 'pull-wake' })
    await advanceAll(nodes, 1_000)
    await nodes[0].write('events/a')
    const claim = nodes[1].service.claim('p', 'w')
    await advanceAll(nodes, 400, 20)
    expect(await claim).toMatchObject({ kind: 'claimed' })
  })

  test('a deletion on one node ends what the other one does', async () => {
    const nodes = startNodes(2, { answer: null })
    await nodes[0]!.create('s')
    await advanceAll(nodes, 1_000)
    await nodes[1]!.write('events/a')
    await advanceAll(nodes, 500)
    await nodes[0]!.service.delete('s')
    nodes[1]!.posts[0]!.answer({ kind: 'done' })
    await advanceAll(nodes, 500)
    await nodes[1]!.write('events/a')
    await advanceAll(nodes, 60_000, 500)
    expect(postsOf(nodes)).toEqual([1])
    expect(nodes.map(({ service }) => service.count)).toEqual([0, 0])
  })

  test('a node whose hints are all lost does its share all the same', async () => {
    const nodes = startNodes(2, { limits: { scanIntervalMs: 5_000 } })
    const [deaf, other] = nodes as [SubscriptionNode, SubscriptionNode]
    deaf.store.watch = () => () => undefined
    await other.create('s')
    await advanceAll(nodes, 10_000, 200)
    await deaf.write('events/a')
    await advanceAll(nodes, 10_000, 200)
    expect(postsOf(nodes)).toEqual([1])
  })
})
