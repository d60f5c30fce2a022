import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { FOLLOWED as path, follow } from '../../test/followed-stream.js'
import { appendOf, creation } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'

const PAGE = 20_000

/** A stream of ten pages on a store that never makes anybody wait. */
async function longStream(): Promise<ReturnType<typeof startNode>> {
  const node = startNode({ isImmediate: true, limits: { maxLiveBatchBytes: PAGE } })
  await node.engine.create(path, creation())
  for (let i = 0; i < 10; i++) await node.engine.append(path, appendOf(String(i).repeat(PAGE)))
  return node
}

describe('readers that catch up', () => {
  it('get one batch in each turn of the event loop, also when they rest after each', async () => {
    const node = await longStream()
    node.environment.isManual = true
    const steady = new CollectingReader()
    const resting = new CollectingReader(1)
    resting.onRest = () => {
      resting.appetite = 1
      queueMicrotask(() => resting.live?.resume())
    }
    for (const reader of [steady, resting]) await follow(node, reader)
    for (let turn = 1; turn < 10; turn++) {
      expect([steady.batches.length, resting.batches.length]).toEqual([turn, turn])
      for (const step of node.environment.deferred.splice(0)) step()
      await node.environment.settle()
    }
    expect(resting.text).toBe(steady.text)
    expect(steady.text).toHaveLength(10 * PAGE)
    expect([...steady.complaints, ...resting.complaints]).toEqual([])
  })

  it('go on eight at a time when they are many', async () => {
    const node = await longStream()
    node.environment.isManual = true
    const readers = Array.from({ length: 20 }, () => new CollectingReader())
    for (const reader of readers) await follow(node, reader)
    const seconds = (): number => readers.filter(({ batches }) => batches.length > 1).length
    for (const expected of [8, 16, 20]) {
      for (const step of node.environment.deferred.splice(0, 1)) step()
      await node.environment.settle()
      expect(seconds()).toBe(expected)
    }
  })

  it('at the same places are given the same long batches', async () => {
    const node = await longStream()
    const readers = Array.from({ length: 5 }, () => new CollectingReader())
    for (const reader of readers) await follow(node, reader)
    for (const { batches } of readers) expect(batches).toEqual(readers[0]!.batches)
    for (let i = 0; i < 9; i++) expect(new Set(readers.map(({ batches }) => batches[i])).size).toBe(1)
  })

  it('are told the truth about the end, although a batch was made before it moved', async () => {
    const node = await longStream()
    const early = new CollectingReader()
    await follow(node, early)
    expect(early.batches.at(-1)).toMatchObject({ reachesTail: true, closed: false })
    await node.engine.append(path, appendOf('x'.repeat(PAGE)))
    const later = new CollectingReader()
    await follow(node, later)
    expect(later.batches.map(({ reachesTail }) => reachesTail).lastIndexOf(false)).toBe(
      later.batches.length - 2,
    )
    await node.engine.append(path, appendOf('', { close: true }))
    const last = new CollectingReader()
    await follow(node, last)
    expect(last.batches.map(({ closed }) => closed).indexOf(true)).toBe(last.batches.length - 1)
    expect([last.ends, last.text]).toEqual([['closed'], later.text])
  })
})

describe('a stream that is followed', () => {
  it('lives on, also if it came after another one that somebody still follows', async () => {
    const node = startNode()
    const expiry = { kind: 'ttl', seconds: 3 } as const
    await node.engine.create(path, creation('old', { expiry }))
    const stalled = new CollectingReader()
    const outcome = await node.engine.follow(path, null, stalled)
    expect(outcome.kind).toBe('following')
    await node.engine.delete(path)
    await node.engine.create(path, creation('new', { expiry }))
    await follow(node, new CollectingReader())
    await node.environment.advance(60_000)
    expect((await node.engine.head(path)).kind).toBe('found')
  })
})
