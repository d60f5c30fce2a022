import type { Node } from '../../test/simulation.js'
import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { StoreError } from '../store/contract.js'
import { appendOf, bytesOf, creation, pathOf } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'

const path = pathOf('a')

async function follow(node: Node, reader = new CollectingReader()): Promise<CollectingReader> {
  const outcome = await node.engine.follow(path, null, reader)
  if (outcome.kind !== 'following') throw new Error(outcome.kind)
  reader.live = outcome.live
  outcome.live.resume()
  await node.environment.settle()
  return reader
}

describe('a store that fails while streams are followed', () => {
  it.each(['load', 'read'] as const)('by its %s delays readers and loses nothing', async (failing) => {
    const node = startNode()
    await node.engine.create(path, creation('1'))
    const waiting = await follow(node)
    let fails = true
    node.store.before = (operation) => {
      if (operation === failing && fails) throw new StoreError('unavailable', 'away')
    }
    node.store.disk.wake(path)
    await node.environment.settle()
    fails = false
    await node.engine.append(path, appendOf('2'))
    fails = true
    await node.environment.advance(3_500)
    expect(waiting.ends).toEqual([])
    fails = false
    await node.environment.advance(3_500)
    expect(waiting.text).toBe('12')
    expect(waiting.complaints).toEqual([])
  })

  it('delays a reader that goes through older bytes, too', async () => {
    const node = startNode({ limits: { maxLiveBatchBytes: 2 } })
    await node.engine.create(path, creation('123456'))
    let reads = 0
    node.store.before = (operation) => {
      if (operation === 'read' && ++reads === 2) throw new StoreError('unavailable', 'away')
    }
    const reader = await follow(node)
    expect(reader.text).toBe('12')
    await node.environment.advance(3_500)
    expect(reader.text).toBe('123456')
    expect(reader.complaints).toEqual([])
  })

  it('when it cannot touch, does not break the clock', async () => {
    const node = startNode()
    await node.engine.create(path, creation('1', { expiry: { kind: 'ttl', seconds: 60 } }))
    const reader = await follow(node)
    let touches = 0
    node.store.touch = () => {
      touches++
      throw new StoreError('unavailable', 'away')
    }
    await node.environment.advance(50_000)
    expect(touches).toBeGreaterThan(1)
    expect(reader.ends).toEqual([])
  })
})

describe('a wake-up that is lost', () => {
  it('only delays the readers of a store with several nodes', async () => {
    const node = startNode()
    node.store.capabilities = { ...node.store.capabilities, multiNode: true }
    await node.engine.create(path, creation('1'))
    const reader = await follow(node)
    node.store.disk.watchers.clear()
    await node.engine.append(path, appendOf('2', { close: true }))
    await node.environment.advance(5_000)
    expect(reader.text).toBe('12')
    expect(reader.ends).toEqual(['closed'])
  })
})

describe('a change while a reader looks', () => {
  it('is not overlooked, though the reader sees what was before it', async () => {
    const node = startNode()
    await node.engine.create(path, creation('1'))
    const first = await follow(node, new CollectingReader(1))
    // The reader's last look before it waits is answered late: with what was there before the append.
    let late: (() => void) | null = null
    node.store.pace = (what, step) => {
      if (what === 'answer load a' && late === null) late = step
      else step()
    }
    first.appetite = Infinity
    first.live!.resume()
    await node.environment.settle()
    await node.engine.append(path, appendOf('2'))
    await node.environment.settle()
    expect(late).not.toBeNull()
    late!()
    await node.environment.settle()
    expect(first.text).toBe('12')
  })
})

describe('a text that is cut inside a character', () => {
  it('is delivered up to the character, and with the rest once it is there', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    const reader = await follow(node)
    const [a, b] = [bytesOf('x€').subarray(0, 2), bytesOf('x€').subarray(2)]
    await node.engine.append(path, appendOf('', { body: a, contentType: 'text/plain' }))
    await node.environment.settle()
    expect(Buffer.from(reader.bytes).toString()).toBe('x')
    await node.engine.append(path, appendOf('', { body: b, contentType: 'text/plain' }))
    await node.environment.settle()
    expect(Buffer.from(reader.bytes).toString()).toBe('x€')
    expect(reader.complaints).toEqual([])
  })

  it('is delivered with the cut when the stream is closed there', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    const reader = await follow(node)
    await node.engine.append(
      path,
      appendOf('', { body: Uint8Array.of(0x78, 0xe2, 0x82), contentType: 'text/plain' }),
    )
    await node.environment.settle()
    await node.engine.append(path, appendOf('', { close: true }))
    await node.environment.settle()
    expect([...reader.bytes]).toEqual([0x78, 0xe2, 0x82])
    expect(reader.ends).toEqual(['closed'])
  })

  it('is not held back in a stream of bytes', async () => {
    const node = startNode()
    await node.engine.create(path, creation('', { contentType: 'application/octet-stream' }))
    const reader = await follow(node)
    await node.engine.append(
      path,
      appendOf('', { body: Uint8Array.of(0xe2), contentType: 'application/octet-stream' }),
    )
    await node.environment.settle()
    expect([...reader.bytes]).toEqual([0xe2])
  })
})

describe('messages', () => {
  it('are delivered whole, even if one is longer than a page', async () => {
    for (const maxLiveBatchBytes of [1, 5, 7]) {
      const node = startNode({ limits: { maxLiveBatchBytes } })
      await node.engine.create(
        path,
        creation('["a","a long one",1,2,3]', { contentType: 'application/json' }),
      )
      const reader = await follow(node)
      await node.engine.append(path, appendOf('[4,"another long one"]', { contentType: 'application/json' }))
      await node.environment.settle()
      const texts = reader.batches.map(({ pieces }) => Buffer.concat([...pieces]).toString())
      expect(texts.join('')).toBe('"a",\n"a long one",\n1,\n2,\n3,\n4,\n"another long one",\n')
      for (const text of texts) expect(text.endsWith(',\n')).toBe(true)
      expect(reader.complaints).toEqual([])
    }
  })
})
