import type { Node } from '../../test/simulation.js'
import type { Offset } from '../protocol/branded.js'
import { describe, expect, it } from 'vitest'
import { START_TIME } from '../../test/fake-environment.js'
import { StoreError } from '../store/contract.js'
import { appendOf, at, bytesOf, creation, forkOf, pathOf, textOf } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'

const path = pathOf('a')
const JSON_TYPE = { contentType: 'application/json' }

async function nodeWith(
  body: string,
  over: Parameters<typeof creation>[1] = {},
  maxPageBytes = 1000,
): Promise<Node> {
  const node = startNode({ limits: { maxPageBytes } })
  await node.engine.create(path, creation(body, over))
  return node
}

/** All pages from the start, and the offset after each. */
async function pagesOf({ engine }: Node): Promise<{ texts: string[]; offsets: Offset[]; closed: boolean[] }> {
  const pages = { texts: [] as string[], offsets: [] as Offset[], closed: [] as boolean[] }
  for (let from: Parameters<typeof engine.read>[1] = null; ;) {
    const page = await engine.read(path, from)
    if (page.kind !== 'page') throw new Error(page.kind)
    pages.texts.push(textOf(page.pieces))
    pages.offsets.push(page.next)
    pages.closed.push(page.closed)
    if (page.upToDate) return pages
    from = at(page.next)
  }
}

describe('a catch-up read', () => {
  it('comes in pages that follow each other', async () => {
    const node = await nodeWith('0123456789', { closed: true }, 4)
    const { texts, closed } = await pagesOf(node)
    expect(texts).toEqual(['0123', '4567', '89'])
    expect(closed).toEqual([false, false, true])
  })

  it('has nothing at the tail, and says whether it is the end', async () => {
    for (const closed of [false, true]) {
      const node = await nodeWith('012', { closed })
      const page = await node.engine.read(path, { kind: 'now' })
      expect(page).toMatchObject({ kind: 'page', from: 3, to: 3, pieces: [], upToDate: true, closed })
    }
  })

  it('of messages never ends inside one', async () => {
    for (let maxPageBytes = 1; maxPageBytes < 40; maxPageBytes++) {
      const node = await nodeWith('["a","a long message",1,[2,3],{}]', JSON_TYPE, maxPageBytes)
      const { texts } = await pagesOf(node)
      expect(texts.join('')).toBe('"a",\n"a long message",\n1,\n[2,3],\n{},\n')
      for (const text of texts) expect(text.endsWith(',\n')).toBe(true)
    }
  })

  it('of messages begins between two of them only', async () => {
    const node = await nodeWith('[1,22]', JSON_TYPE)
    const { offsets } = await pagesOf(node)
    const { length } = textOf([bytesOf('1,\n22,\n')])
    for (let position = 1; position <= length; position++) {
      const offset = `${String(position).padStart(16, '0')}_${offsets[0]!.slice(17)}` as Offset
      const { kind } = await node.engine.read(path, at(offset))
      expect(kind, String(position)).toBe(position === 3 || position === length ? 'page' : 'offset-invalid')
    }
  })

  it('of a stream that is deleted meanwhile finds what there is afterwards', async () => {
    const node = await nodeWith('old')
    let isFirst = true
    node.store.before = (operation) => {
      if (operation !== 'read' || !isFirst) return
      isFirst = false
      node.store.disk.streams.delete(path)
      node.store.disk.bytes.clear()
    }
    expect(await node.engine.read(path, null)).toEqual({ kind: 'not-found' })
  })

  it('of messages in a stream that is deleted meanwhile, too', async () => {
    const node = await nodeWith('[1,22]', JSON_TYPE)
    const { offsets } = await pagesOf(node)
    const between = `0000000000000003_${offsets[0]!.slice(17)}` as Offset
    let isFirst = true
    node.store.before = (operation) => {
      if (operation !== 'read' || !isFirst) return
      isFirst = false
      node.store.disk.streams.delete(path)
      node.store.disk.bytes.clear()
    }
    expect(await node.engine.read(path, at(between))).toEqual({ kind: 'not-found' })
  })

  it('of a stream whose bytes are lost comes to an end', async () => {
    const node = await nodeWith('old')
    node.store.disk.bytes.clear()
    await expect(node.engine.read(path, null)).rejects.toMatchObject({
      name: 'StreamFault',
      code: 'storage-corrupt',
    })
  })

  it('does not wait for writes', async () => {
    const node = await nodeWith('old')
    node.store.pace = (what, step) => {
      if (!what.startsWith('commit')) step()
    }
    void node.engine.append(path, appendOf('new'))
    await node.environment.settle()
    expect(await node.engine.read(path, null)).toMatchObject({ upToDate: true, to: 3 })
  })

  it('fails only for as long as the store does', async () => {
    const node = await nodeWith('old')
    let fails = true
    node.store.before = (operation) => {
      if (operation === 'read' && fails) throw new StoreError('corrupt', 'damaged')
    }
    await expect(node.engine.read(path, null)).rejects.toMatchObject({ code: 'storage-corrupt' })
    fails = false
    expect((await node.engine.read(path, null)).kind).toBe('page')
  })
})

describe('a source that expires while it is forked', () => {
  it('waits for the fork, whose note is left alone by the sweeper', async () => {
    const node = startNode()
    await node.engine.create(path, creation('abc', { expiry: { kind: 'at', atMs: START_TIME + 1_000 } }))
    const held: (() => void)[] = []
    let isHeld = true
    node.store.pace = (what, step) => {
      if (what === 'commit f' && isHeld) held.push(step)
      else step()
    }
    const made = node.engine.create(pathOf('f'), forkOf('a', null, 0, { expiry: { kind: 'never' } }))
    await node.environment.settle()
    await node.environment.advance(3_000)
    expect(await node.engine.head(path)).toEqual({ kind: 'gone' })
    isHeld = false
    held[0]!()
    expect((await made).kind).toBe('created')
    const page = await node.engine.read(pathOf('f'), null)
    expect(page.kind === 'page' && textOf(page.pieces)).toBe('abc')
  })
})
