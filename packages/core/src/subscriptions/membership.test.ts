import { describe, expect, test } from 'vitest'
import { SubscriptionNode, configOf, reportOf } from '../../test/subscription-node.js'
import { appendOf, creation, forkOf, pathOf } from '../../test/requests.js'
import { subscriptionPath } from './subscription-config.js'

const START = '0000000000000000_0000000000000000'

describe('the streams of a subscription', () => {
  test('those that exist are linked at their tail, and nothing that they had before wakes', async () => {
    const node = new SubscriptionNode()
    for (let i = 0; i < 30; i++) await node.write(`events/${i}`)
    await node.write('other/a')
    await node.engine.create(pathOf('events/empty'), creation(''))
    await node.create('s')
    const cursors = await node.cursors('s')
    expect(Object.keys(cursors)).toHaveLength(31)
    expect(cursors['events/empty']).toBe(START)
    for (let i = 0; i < 30; i++) expect(cursors[`events/${i}`]).toBe(await node.tail(`events/${i}`))
    await node.advance(60_000)
    expect(node.posts).toHaveLength(0)
  })

  test('a fork that is made later is new with all that it inherits', async () => {
    const node = new SubscriptionNode()
    await node.engine.create(pathOf('source'), creation('abc'))
    await node.create('s')
    await node.engine.create(pathOf('events/fork'), forkOf('source'))
    await node.settle()
    expect(node.posts[0]!.streams).toMatchObject([{ path: 'events/fork', acked: '-1' }])
  })

  test('explicit streams may be missing, and are linked at their tail otherwise', async () => {
    const node = new SubscriptionNode()
    await node.write('a')
    await node.create('s', { pattern: null, streams: [pathOf('a'), pathOf('b')] })
    expect(await node.cursors('s')).toEqual({ a: await node.tail('a'), b: '-1' })
    await node.write('b')
    await node.write('c')
    await node.settle()
    expect(node.posts.map(({ streams }) => streams.map(({ path, linkType }) => [path, linkType]))).toEqual([
      [['b', 'explicit']],
    ])
  })

  test('an explicit link comes before the pattern, and leaves it when it goes', async () => {
    const node = new SubscriptionNode()
    await node.write('events/a')
    await node.write('manual')
    await node.create('s')
    expect(await node.service.link('s', [pathOf('events/a'), pathOf('manual')])).toEqual({ kind: 'linked' })
    const { links } = (await node.service.read('s'))!
    expect([...links.values()].map(({ isExplicit }) => isExplicit)).toEqual([true, true])
    const cursors = await node.cursors('s')
    expect(await node.service.unlink('s', pathOf('manual'))).toBe('unlinked')
    expect(await node.service.unlink('s', pathOf('events/a'))).toBe('unlinked')
    expect(await node.service.unlink('s', pathOf('events/a'))).toBe('unlinked')
    expect(await node.cursors('s')).toEqual({ 'events/a': cursors['events/a'] })
    await node.write('manual')
    await node.settle()
    expect(node.posts).toHaveLength(0)
    expect(await node.service.link('none', [pathOf('a')])).toEqual({ kind: 'not-found' })
    expect(await node.service.unlink('none', pathOf('a'))).toBe('not-found')
  })

  test('a stream that was deleted and made again is processed from its start', async () => {
    const node = new SubscriptionNode()
    await node.create('s')
    await node.write('events/a', '"a long first message"')
    await node.settle()
    await node.engine.delete(pathOf('events/a'))
    await node.write('events/a', '2')
    await node.settle()
    expect(node.posts.at(-1)!.streams).toMatchObject([{ path: 'events/a', acked: '-1' }])
    expect(await node.cursors('s')).toEqual({ 'events/a': await node.tail('events/a') })
  })

  test('links of streams that are gone go with the next scan, explicit ones apart', async () => {
    const node = new SubscriptionNode({ limits: { scanIntervalMs: 1_000 } })
    for (const path of ['events/a', 'events/b', 'events/c']) await node.write(path)
    await node.create('s', { streams: [pathOf('events/c')] })
    await node.engine.delete(pathOf('events/a'))
    await node.engine.delete(pathOf('events/c'))
    await node.advance(2_000)
    expect(Object.keys(await node.cursors('s')).sort()).toEqual(['events/b', 'events/c'])
  })

  test('a bound on links is kept, and told', async () => {
    const node = new SubscriptionNode({ limits: { maxLinksPerSubscription: 3 } })
    for (let i = 0; i < 5; i++) await node.write(`events/${i}`)
    await node.create('s')
    expect(Object.keys(await node.cursors('s'))).toHaveLength(3)
    await node.write('events/9')
    await node.settle()
    expect(node.service.problems).toEqual(['subscription s: more streams match than the 3 that it may have'])
    const paths = [pathOf('x')]
    expect(await node.service.link('s', paths)).toEqual({ kind: 'too-many-links', limit: 3 })
  })

  test('subscriptions have a bound, too', async () => {
    const node = new SubscriptionNode({ limits: { maxSubscriptions: 1 } })
    await node.create('one')
    await expect(node.create('two')).rejects.toThrow('too-many-subscriptions')
    await node.service.delete('one')
    await node.create('two')
  })
})

describe('the life of a subscription', () => {
  test('the same configuration confirms it, another one conflicts', async () => {
    const node = new SubscriptionNode()
    const create = (description: string | null): Promise<{ kind: string }> =>
      node.service.create('s', configOf({ description }), 'http://base')
    expect((await create(null)).kind).toBe('created')
    expect((await create(null)).kind).toBe('confirmed')
    expect((await create('other')).kind).toBe('conflict')
    const both = await Promise.all([create(null), create(null)])
    expect(both.map(({ kind }) => kind)).toEqual(['confirmed', 'confirmed'])
  })

  test('of two that are made at once with different configurations one is made', async () => {
    const node = new SubscriptionNode()
    const make = (description: string): Promise<{ kind: string }> =>
      node.service.create('s', configOf({ description }), 'http://base')
    const kinds = (await Promise.all([make('a'), make('b'), make('a')])).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'created')).toHaveLength(1)
    expect(kinds).toContain('conflict')
  })

  test('a deletion fences what is under way, and a new one goes on with the generations', async () => {
    const node = new SubscriptionNode({ answer: { kind: 'accepted' } })
    await node.create('s')
    await node.write('events/a')
    await node.settle()
    const { wake } = node.posts[0]!
    await node.service.delete('s')
    await node.service.delete('s')
    expect(await node.service.read('s')).toBeNull()
    expect(await node.service.ack('s', reportOf(wake))).toEqual({ kind: 'not-found' })
    await node.create('s')
    expect(await node.service.ack('s', reportOf(wake))).toEqual({ kind: 'fenced' })
    await node.write('events/a')
    await node.settle()
    expect(node.posts.at(-1)!.wake.generation).toBe(2)
  })

  test('a tombstone survives a restart, and is removed when no token can be good any more', async () => {
    const node = new SubscriptionNode({ limits: { tombstoneMs: 10_000 } })
    await node.create('s')
    await node.service.delete('s')
    node.crash()
    const limits = { tombstoneMs: 10_000, scanIntervalMs: 1_000 }
    const next = new SubscriptionNode({ disk: node.disk, name: '2', time: node.environment.now(), limits })
    await next.advance(9_000)
    expect(next.disk.streams.has(subscriptionPath('s'))).toBe(true)
    expect(next.service.count).toBe(0)
    await next.advance(3_000)
    expect(next.disk.streams.has(subscriptionPath('s'))).toBe(false)
  })

  test('the log stays short however many wakes there are, and tells the same after a restart', async () => {
    const node = new SubscriptionNode()
    await node.create('s')
    for (let i = 0; i < 20; i++) await node.write(`events/${i}`)
    for (let i = 0; i < 300; i++) {
      await node.engine.append(pathOf('events/0'), appendOf('1', { contentType: 'application/json' }))
      await node.settle()
    }
    expect(node.posts.length).toBeGreaterThan(300)
    const { record } = node.disk.streams.get(subscriptionPath('s'))!
    expect(record.tail).toBeLessThan(140_000)
    const before = await node.service.read('s')
    node.crash()
    const next = new SubscriptionNode({ disk: node.disk, name: '2', time: node.environment.now() })
    const after = await next.service.read('s')
    expect(after!.links).toEqual(before!.links)
    expect(after!.generation).toBe(before!.generation)
  })
})
