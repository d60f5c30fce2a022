import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { FOLLOWED as path, append, follow, nodeWith } from '../../test/followed-stream.js'
import { appendOf, at, creation, forkOf, pathOf } from '../../test/requests.js'

describe('a live reader', () => {
  it('gets what is there, and then what comes', async () => {
    const node = await nodeWith('old')
    const reader = new CollectingReader()
    await follow(node, reader)
    expect(reader.text).toBe('old')
    await append(node, 'new')
    await append(node, 'er')
    expect(reader.batches.map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [3, 6],
      [6, 8],
    ])
    expect(reader.text).toBe('oldnewer')
    expect(reader.batches.every(({ reachesTail }) => reachesTail)).toBe(true)
    expect(reader.complaints).toEqual([])
  })

  it('is told where it is when there is nothing yet', async () => {
    const node = await nodeWith('old')
    const reader = new CollectingReader()
    await follow(node, reader, { kind: 'now' })
    expect(reader.batches.map(({ from, to }) => [from, to])).toEqual([[3, 3]])
    await append(node, 'new')
    expect(reader.text).toBe('new')
  })

  it('gets nothing before it asks', async () => {
    const node = await nodeWith('old')
    const reader = new CollectingReader()
    const outcome = await node.engine.follow(path, null, reader)
    await append(node, 'new')
    expect(reader.batches).toEqual([])
    if (outcome.kind === 'following') outcome.live.resume()
    await node.environment.settle()
    expect(reader.text).toBe('oldnew')
  })

  it('shares each batch with all that wait at its position', async () => {
    const node = await nodeWith()
    const readers = Array.from({ length: 300 }, () => new CollectingReader())
    for (const reader of readers) await follow(node, reader)
    const before = node.store.loads
    await append(node, 'x')
    expect(new Set(readers.map(({ batches }) => batches.at(-1))).size).toBe(1)
    expect(readers.every(({ text }) => text === 'x')).toBe(true)
    expect(node.store.loads - before).toBeLessThan(10)
    const batch = readers[0]!.batches.at(-1)!
    let made = 0
    for (let i = 0; i < 3; i++) batch.frame('sse', () => new Uint8Array([++made]))
    expect(made).toBe(1)
    expect(batch.frame('json', () => new Uint8Array([9]))[0]).toBe(9)
  })

  it('that is slow gets nothing while it rests, and all of it afterwards', async () => {
    const node = await nodeWith('1')
    const slow = new CollectingReader(1)
    const quick = new CollectingReader()
    const live = await follow(node, slow)
    await follow(node, quick)
    for (const text of ['2', '3', '4']) await append(node, text)
    expect(slow.text).toBe('1')
    expect(quick.text).toBe('1234')
    slow.appetite = Infinity
    live.resume()
    await node.environment.settle()
    expect(slow.text).toBe('1234')
    await append(node, '5')
    expect(slow.text).toBe('12345')
    expect(slow.complaints).toEqual([])
  })

  it('that asks again and again gets nothing twice', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    const live = await follow(node, reader)
    for (let i = 0; i < 5; i++) live.resume()
    await append(node, '2')
    for (let i = 0; i < 5; i++) live.resume()
    await node.environment.settle()
    expect(reader.text).toBe('12')
    expect(reader.complaints).toEqual([])
  })

  it('reads a long past page by page', async () => {
    const node = await nodeWith('0123456789', {}, { maxLiveBatchBytes: 3 })
    const reader = new CollectingReader(1)
    const live = await follow(node, reader)
    const texts: string[] = []
    while (reader.batches.length < 4) {
      texts.push(reader.text)
      reader.appetite = 1
      live.resume()
      await node.environment.settle()
    }
    expect(texts).toEqual(['012', '012345', '012345678'])
    expect(reader.text).toBe('0123456789')
    expect(reader.complaints).toEqual([])
  })

  it('that has stopped gets nothing more, not even an end', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    const live = await follow(node, reader)
    live.stop()
    live.resume()
    await append(node, '2', { close: true })
    expect(reader.text).toBe('1')
    expect(reader.ends).toEqual([])
    expect(node.engine.liveReaders).toBe(0)
    expect(node.store.disk.watchers.get(path)?.size).toBe(0)
  })

  it('that has stopped in the middle of a batch cannot be resumed', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader(2)
    const live = await follow(node, reader)
    reader.onRest = () => live.stop()
    await append(node, '2')
    reader.appetite = Infinity
    await append(node, '3')
    live.resume()
    await append(node, '4')
    expect(reader.text).toBe('12')
    expect(reader.ends).toEqual([])
  })

  it('may stop while it is served', async () => {
    const node = await nodeWith()
    const readers = Array.from({ length: 5 }, () => new CollectingReader())
    for (const reader of readers) await follow(node, reader)
    readers[1]!.appetite = 1
    readers[1]!.onRest = () => readers.forEach(({ live }) => live!.stop())
    await append(node, 'x')
    await append(node, 'y')
    expect(readers.slice(2).every(({ text }) => text === '')).toBe(true)
    expect(node.engine.liveReaders).toBe(0)
  })

  it('of a fork does not wake for its source', async () => {
    const node = await nodeWith('1')
    await node.engine.create(pathOf('f'), forkOf('a'))
    const reader = new CollectingReader()
    await follow(node, reader, null, pathOf('f'))
    await append(node, '2')
    expect(reader.text).toBe('1')
    await node.engine.append(pathOf('f'), appendOf('3'))
    await node.environment.settle()
    expect(reader.text).toBe('13')
  })
})

describe('a stream that is created again under its readers', () => {
  it('ends their read and gives them none of its bytes', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    await follow(node, reader)
    await Promise.all([node.engine.delete(path), node.engine.create(path, creation('1'))])
    await append(node, '2')
    expect(reader.text).toBe('1')
    expect(reader.ends).toEqual(['deleted'])
  })

  it('does so also when a reader of the new one comes before the old ones are told', async () => {
    const node = await nodeWith('1')
    const old = new CollectingReader()
    await follow(node, old)
    node.environment.isManual = true
    const step = async (): Promise<void> => {
      await node.environment.settle()
      const run = node.environment.deferred.shift()
      run?.()
      await node.environment.settle()
    }
    const changes = Promise.all([node.engine.delete(path), node.engine.create(path, creation('1'))])
    await step()
    await changes
    const fresh = new CollectingReader()
    await follow(node, fresh)
    const appended = node.engine.append(path, appendOf('2'))
    for (let i = 0; i < 10; i++) await step()
    await appended
    expect([old.text, old.ends]).toEqual(['1', ['deleted']])
    expect([fresh.text, fresh.ends]).toEqual(['12', []])
  })
})

describe('an offset to follow from', () => {
  it('is checked as it is for any other read', async () => {
    const node = await nodeWith('1')
    const reader = new CollectingReader()
    const point = at('0000000000000001_000000000000000a' as never)
    expect(await node.engine.follow(path, point, reader)).toEqual({ kind: 'offset-gone' })
    expect(await node.engine.follow(pathOf('none'), null, reader)).toEqual({ kind: 'not-found' })
    expect(node.engine.liveReaders).toBe(0)
  })
})
