import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { FOLLOWED as path, append, follow, nodeWith } from '../../test/followed-stream.js'
import { forkOf, pathOf } from '../../test/requests.js'

describe('the end of a live read', () => {
  it('comes with the last bytes when they close the stream', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    await follow(node, reader)
    await append(node, '2', { close: true })
    expect(reader.text).toBe('12')
    expect(reader.batches.map(({ closed }) => closed)).toEqual([false, true])
    expect(reader.ends).toEqual(['closed'])
    expect(reader.complaints).toEqual([])
  })

  it('comes with an empty batch when nothing but the closure is new', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    await follow(node, reader)
    await append(node, '', { close: true })
    expect(reader.batches.map(({ from, to, closed }) => [from, to, closed])).toEqual([
      [0, 1, false],
      [1, 1, true],
    ])
    expect(reader.ends).toEqual(['closed'])
  })

  it('comes at once at the tail of a closed stream, and after the rest before it', async () => {
    const node = await nodeWith('0123456789', { closed: true }, { maxLiveBatchBytes: 4 })
    const atTail = new CollectingReader()
    await follow(node, atTail, { kind: 'now' })
    expect(atTail.batches).toHaveLength(1)
    expect([atTail.isClosed, atTail.ends]).toEqual([true, ['closed']])
    const behind = new CollectingReader()
    await follow(node, behind)
    expect(behind.text).toBe('0123456789')
    expect(behind.batches.map(({ closed }) => closed)).toEqual([false, false, true])
    expect(behind.ends).toEqual(['closed'])
  })

  it('waits until a slow reader has got everything', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader(1)
    const live = await follow(node, reader)
    await append(node, '2', { close: true })
    expect(reader.ends).toEqual([])
    reader.appetite = Infinity
    live.resume()
    await node.environment.settle()
    expect([reader.text, reader.ends]).toEqual(['12', ['closed']])
  })

  it('comes when the stream is deleted, for those that wait', async () => {
    const node = await nodeWith('1')
    const readers = [new CollectingReader(), new CollectingReader()]
    for (const reader of readers) await follow(node, reader)
    await node.engine.delete(path)
    await node.environment.settle()
    for (const reader of readers) expect(reader.ends).toEqual(['deleted'])
    expect(node.engine.liveReaders).toBe(0)
  })

  it('comes for a slow reader of a deleted stream as soon as it asks', async () => {
    const node = await nodeWith('1')
    const slow = new CollectingReader(1)
    const live = await follow(node, slow)
    await node.engine.delete(path)
    await node.environment.settle()
    live.resume()
    await node.environment.settle()
    expect(slow.ends).toEqual(['deleted'])
  })

  it('comes for the readers of a stream that forks hold when it is deleted', async () => {
    const node = await nodeWith('1')
    await node.engine.create(pathOf('f'), forkOf('a'))
    const reader = new CollectingReader()
    await follow(node, reader)
    await node.engine.delete(path)
    await node.environment.settle()
    expect(reader.ends).toEqual(['deleted'])
  })

  it('comes once for everybody when the engine stops', async () => {
    const node = await nodeWith('1')
    const readers = [new CollectingReader(), new CollectingReader(1), new CollectingReader(0)]
    for (const reader of readers.slice(0, 2)) await follow(node, reader)
    await node.engine.follow(path, null, readers[2]!)
    await node.engine.close()
    await node.environment.settle()
    for (const reader of readers) expect(reader.ends).toEqual(['stopped'])
    expect(node.engine.liveReaders).toBe(0)
    expect(node.environment.timers).toBe(0)
  })
})
