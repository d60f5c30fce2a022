import type { Node } from '../../test/simulation.js'
import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { StoreError } from '../store/contract.js'
import { TestDisk } from '../../test/test-disk.js'
import { START_TIME } from '../../test/fake-environment.js'
import { appendOf, at, creation, forkOf, pathOf, producerOf } from '../../test/requests.js'
import { findDamage } from '../../test/invariants.js'
import { startNode } from '../../test/simulation.js'

const path = pathOf('a')
const ttl = (seconds: number) => ({ expiry: { kind: 'ttl', seconds } as const })
const until = (seconds: number) => ({ expiry: { kind: 'at', atMs: START_TIME + seconds * 1000 } as const })
const isThere = async ({ engine }: Node): Promise<boolean> => (await engine.head(path)).kind === 'found'

describe('a stream with a window', () => {
  it('ends exactly when it has not been used for that long', async () => {
    const node = startNode()
    await node.engine.create(path, creation('', ttl(10)))
    await node.environment.advance(9_999)
    expect(await isThere(node)).toBe(true)
    await node.environment.advance(1)
    expect(await isThere(node)).toBe(false)
    expect(await node.engine.append(path, appendOf('x'))).toEqual({ kind: 'not-found' })
    expect(await node.engine.read(path, null)).toEqual({ kind: 'not-found' })
    expect(await node.engine.delete(path)).toEqual({ kind: 'not-found' })
  })

  const uses: readonly (readonly [string, boolean, (node: Node) => Promise<unknown>])[] = [
    ['a read', true, ({ engine }) => engine.read(path, null)],
    ['a read at the tail', true, ({ engine }) => engine.read(path, { kind: 'now' })],
    ['an append', true, ({ engine }) => engine.append(path, appendOf('x'))],
    ['a close', true, ({ engine }) => engine.append(path, appendOf('', { close: true }))],
    [
      'a close by a producer',
      true,
      ({ engine }) => engine.append(path, appendOf('', { close: true, producer: producerOf('p', 0, 0) })),
    ],
    ['a live read', true, ({ engine }) => engine.follow(path, null, new CollectingReader())],
    ['a description', false, ({ engine }) => engine.head(path)],
    ['a refused append', false, ({ engine }) => engine.append(path, appendOf('x', { contentType: 'a/b' }))],
    [
      'a refused read',
      false,
      ({ engine }) => engine.read(path, at('0000000000000009_000000000000000a' as never)),
    ],
    ['the assurance that it exists', false, ({ engine }) => engine.create(path, creation('', ttl(10)))],
    ['a fork of it', false, ({ engine }) => engine.create(pathOf('f'), forkOf('a'))],
  ]

  it.each(uses)('takes %s for use: %s', async (_what, isUse, use) => {
    const node = startNode({ limits: { sweepIntervalMs: 0 } })
    await node.engine.create(path, creation('', ttl(10)))
    await node.environment.advance(9_000)
    const outcome = await use(node)
    if (typeof outcome === 'object' && outcome !== null && 'live' in outcome)
      (outcome.live as { stop: () => void }).stop()
    await node.environment.advance(9_000)
    expect(await isThere(node)).toBe(isUse)
  })

  it('takes a repeated attempt for use', async () => {
    const node = startNode()
    await node.engine.create(path, creation('', ttl(10)))
    const request = appendOf('x', { producer: producerOf('p', 0, 0) })
    await node.engine.append(path, request)
    await node.environment.advance(9_000)
    expect((await node.engine.append(path, request)).kind).toBe('duplicate')
    await node.environment.advance(9_000)
    expect(await isThere(node)).toBe(true)
  })

  it('stays while it is followed, and ends after that', async () => {
    const node = startNode()
    await node.engine.create(path, creation('', ttl(2)))
    const reader = new CollectingReader()
    const outcome = await node.engine.follow(path, null, reader)
    if (outcome.kind !== 'following') return expect.fail(outcome.kind)
    outcome.live.resume()
    await node.environment.advance(100_000)
    expect(await isThere(node)).toBe(true)
    expect(reader.ends).toEqual([])
    outcome.live.stop()
    await node.environment.advance(2_000)
    expect(await isThere(node)).toBe(false)
  })

  it('tells its new deadline after it was used', async () => {
    const node = startNode()
    await node.engine.create(path, creation('', ttl(10)))
    await node.environment.advance(5_000)
    await node.engine.append(path, appendOf('x'))
    expect(await node.engine.head(path)).toMatchObject({ stream: { deadline: START_TIME + 15_000 } })
  })
})

describe('a stream with a moment', () => {
  it('ends then, however much it is used, and its readers are told', async () => {
    const node = startNode()
    await node.engine.create(path, creation('x', until(10)))
    const reader = new CollectingReader()
    const outcome = await node.engine.follow(path, null, reader)
    if (outcome.kind !== 'following') return expect.fail(outcome.kind)
    outcome.live.resume()
    for (let i = 0; i < 9; i++) {
      await node.environment.advance(1_000)
      await node.engine.append(path, appendOf('x'))
    }
    expect(await isThere(node)).toBe(true)
    await node.environment.advance(1_000)
    expect(await isThere(node)).toBe(false)
    expect(reader.text).toBe('x'.repeat(10))
    expect(reader.ends).toEqual(['deleted'])
  })
})

describe('a path whose stream has expired', () => {
  it('takes another one, before and after it was swept', async () => {
    for (const sweepIntervalMs of [0, 500]) {
      const node = startNode({ limits: { sweepIntervalMs } })
      await node.engine.create(path, creation('old', ttl(1)))
      await node.environment.advance(1_000)
      expect((await node.engine.create(path, creation('new'))).kind).toBe('created')
      await node.environment.advance(5_000)
      expect(await node.engine.head(path)).toMatchObject({
        stream: { tail: expect.stringMatching(/^0+3_/) as string },
      })
      expect(findDamage(node.store.disk, node.environment.time)).toEqual([])
    }
  })

  it('refuses offsets of the old one', async () => {
    const node = startNode()
    const old = await node.engine.create(path, creation('old', ttl(1)))
    if (old.kind !== 'created') return expect.fail(old.kind)
    await node.environment.advance(1_000)
    await node.engine.create(path, creation('new'))
    expect(await node.engine.read(path, at(old.stream.tail))).toEqual({ kind: 'offset-gone' })
  })
})

describe('the sweeper', () => {
  it('removes what has expired within its interval, though nobody asks', async () => {
    const node = startNode()
    for (let i = 0; i < 600; i++) await node.engine.create(pathOf(`s${i}`), creation('x', ttl(1 + (i % 3))))
    await node.environment.advance(1_500)
    expect(node.store.disk.streams.size).toBe(400)
    await node.environment.advance(2_000)
    expect(node.store.disk.streams.size).toBe(0)
    expect(node.store.disk.bytes.size).toBe(0)
  })

  it('spares a stream that was used after it was found due', async () => {
    const disk = new TestDisk()
    const [one, two] = [startNode({ disk }), startNode({ disk, name: '2', limits: { sweepIntervalMs: 0 } })]
    await one.engine.create(path, creation('x', ttl(1)))
    // The other node's clock is behind, and somebody reads there just before the removal.
    await two.environment.advance(600)
    let isRead = false
    one.store.commitFault = () => {
      if (!isRead) disk.touch(path, disk.streams.get(path)!.record.streamId, START_TIME + 1_000)
      isRead = true
      return null
    }
    await one.environment.advance(1_100)
    expect(isRead).toBe(true)
    expect(await isThere(one)).toBe(true)
  })

  it('goes on after the store has failed, and reports it', async () => {
    const node = startNode()
    await node.engine.create(path, creation('x', ttl(1)))
    node.store.before = (operation) => {
      if (operation === 'due') throw new StoreError('unavailable', 'away')
    }
    await node.environment.advance(2_000)
    expect(node.store.disk.streams.size).toBe(1)
    expect(node.faults.length).toBeGreaterThan(0)
    node.store.before = () => undefined
    await node.environment.advance(500)
    expect(node.store.disk.streams.size).toBe(0)
  })

  it('does not let one damaged stream keep it from the others', async () => {
    const node = startNode()
    await node.engine.create(path, creation('x', ttl(1)))
    await node.engine.create(pathOf('b'), creation('x', ttl(1)))
    node.store.before = (operation, of) => {
      if (operation === 'load' && of === 'a') throw new StoreError('corrupt', 'damaged')
    }
    await node.environment.advance(2_000)
    expect([...node.store.disk.streams.keys()]).toEqual(['a'])
    expect(node.faults[0]).toMatchObject({ code: 'storage-corrupt' })
  })

  it('does not outlive its engine', async () => {
    const node = startNode()
    await node.engine.close()
    expect(node.environment.timers).toBe(0)
    await node.environment.advance(10_000)
    expect(node.environment.timers).toBe(0)
  })
})
