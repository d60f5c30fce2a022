import type { CreateStream } from './stream-operations.js'
import type { Node } from '../../test/simulation.js'
import type { Offset } from '../protocol/branded.js'
import { describe, expect, it } from 'vitest'
import { appendOf, at, bytesOf, creation, forkOf, pathOf, producerOf, textOf } from '../../test/requests.js'
import { findDamage } from '../../test/invariants.js'
import { startNode } from '../../test/simulation.js'

async function contentOf(
  { engine }: Node,
  path: string,
  offset: Parameters<typeof engine.read>[1] = null,
): Promise<string> {
  let text = ''
  for (let from = offset; ;) {
    const page = await engine.read(pathOf(path), from)
    if (page.kind !== 'page') return page.kind
    text += textOf(page.pieces)
    if (page.upToDate) return text
    from = at(page.next)
  }
}
const kindOf = async (node: Node, path: string, request: CreateStream): Promise<string> =>
  (await node.engine.create(pathOf(path), request)).kind
async function tailOf({ engine }: Node, path: string): Promise<Offset> {
  const head = await engine.head(pathOf(path))
  if (head.kind !== 'found') throw new Error(head.kind)
  return head.stream.tail
}
const json = (body: string): CreateStream => creation(body, { contentType: 'application/json' })
const expectNoDamage = (node: Node): void =>
  expect(findDamage(node.store.disk, node.environment.time)).toEqual([])

/** `root` says "abc"; `mid` forks it after "ab" and adds "MN"; `leaf` forks that after "abM" and adds "xy". */
async function threeGenerations(): Promise<Node> {
  const node = startNode({ limits: { maxPageBytes: 2 } })
  await node.engine.create(pathOf('root'), creation('abc'))
  await node.engine.create(pathOf('mid'), forkOf('root', { kind: 'start' }, 2, { body: bytesOf('MN') }))
  await node.engine.create(pathOf('leaf'), forkOf('mid', { kind: 'start' }, 3, { body: bytesOf('xy') }))
  return node
}

describe('a fork', () => {
  it('reads as its source up to the fork point and as itself from there on', async () => {
    const node = await threeGenerations()
    expect(await contentOf(node, 'root')).toBe('abc')
    expect(await contentOf(node, 'mid')).toBe('abMN')
    expect(await contentOf(node, 'leaf')).toBe('abMxy')
    expectNoDamage(node)
  })

  it('hands out the offsets of its source up to the fork point', async () => {
    const node = await threeGenerations()
    const offsets: Record<string, Offset[]> = {}
    for (const path of ['root', 'mid', 'leaf']) {
      offsets[path] = []
      for (let from: Parameters<typeof node.engine.read>[1] = null; ;) {
        const page = await node.engine.read(pathOf(path), from)
        if (page.kind !== 'page') return expect.fail(page.kind)
        offsets[path].push(page.next)
        if (page.upToDate) break
        from = at(page.next)
      }
    }
    expect(offsets['mid']![0]).toBe(offsets['root']![0])
    expect(offsets['leaf']![0]).toBe(offsets['root']![0])
    for (const [path, list] of Object.entries(offsets)) {
      expect([...list].sort()).toEqual(list)
      for (const offset of list) expect((await node.engine.read(pathOf(path), at(offset))).kind).toBe('page')
    }
    expect(await node.engine.read(pathOf('mid'), at(await tailOf(node, 'root')))).toEqual({
      kind: 'offset-gone',
    })
    expect(await node.engine.read(pathOf('root'), at(await tailOf(node, 'mid')))).toMatchObject({
      kind: expect.stringMatching(/^offset-/) as string,
    })
  })

  it('does not change when its source does', async () => {
    const node = await threeGenerations()
    await node.engine.append(pathOf('root'), appendOf('more', { close: true }))
    await node.engine.append(pathOf('mid'), appendOf('more'))
    await node.engine.delete(pathOf('root'))
    await node.engine.delete(pathOf('mid'))
    expect(await contentOf(node, 'leaf')).toBe('abMxy')
    expect(await node.engine.head(pathOf('leaf'))).toMatchObject({ stream: { closed: false } })
    await node.engine.append(pathOf('leaf'), appendOf('z'))
    expect(await contentOf(node, 'leaf')).toBe('abMxyz')
    expectNoDamage(node)
  })

  it('knows nothing of the producers and the Stream-Seq of its source', async () => {
    const node = startNode()
    const producer = producerOf('p', 3, 0)
    await node.engine.create(pathOf('a'), creation())
    await node.engine.append(pathOf('a'), appendOf('x', { producer, streamSeq: 'z' }))
    await node.engine.create(pathOf('f'), forkOf('a'))
    expect((await node.engine.append(pathOf('f'), appendOf('y', { producer, streamSeq: 'a' }))).kind).toBe(
      'appended',
    )
    expect(await contentOf(node, 'f')).toBe('xy')
    expectNoDamage(node)
  })

  it('may be closed from the start, whatever its source is', async () => {
    const node = startNode()
    await node.engine.create(pathOf('a'), creation('x', { closed: true }))
    await node.engine.create(pathOf('open'), forkOf('a'))
    await node.engine.create(pathOf('closed'), forkOf('a', null, 0, { closed: true, body: bytesOf('y') }))
    expect((await node.engine.append(pathOf('open'), appendOf('z'))).kind).toBe('appended')
    expect(await node.engine.read(pathOf('closed'), null)).toMatchObject({ closed: true })
    expect(await contentOf(node, 'closed')).toBe('xy')
  })

  it('of a JSON stream begins between messages only', async () => {
    const node = startNode()
    const made = await node.engine.create(pathOf('a'), json('[1,22]'))
    if (made.kind !== 'created') return expect.fail(made.kind)
    const inside = `0000000000000001_${made.stream.streamId}` as Offset
    expect(await kindOf(node, 'f', forkOf('a', at(inside)))).toBe('fork-offset')
    const between = `0000000000000003_${made.stream.streamId}` as Offset
    expect(await kindOf(node, 'f', forkOf('a', at(between)))).toBe('created')
    expect(await contentOf(node, 'f')).toBe('1,\n')
    expectNoDamage(node)
  })

  it('of a JSON stream counts its sub-offset in messages', async () => {
    for (const maxPageBytes of [1, 3, 1000]) {
      const node = startNode({ limits: { maxPageBytes } })
      await node.engine.create(pathOf('a'), json('[1,[2,2],{"a":"x"},4]'))
      for (let n = 1; n <= 4; n++)
        expect(await kindOf(node, `f${n}`, forkOf('a', { kind: 'start' }, n))).toBe('created')
      expect(await contentOf(node, 'f2')).toBe('1,\n[2,2],\n')
      expect(await contentOf(node, 'f4')).toBe(await contentOf(node, 'a'))
      expect(await kindOf(node, 'f5', forkOf('a', { kind: 'start' }, 5))).toBe('fork-sub-offset')
      expect(await kindOf(node, 'f5', forkOf('f2', { kind: 'start' }, 3))).toBe('fork-sub-offset')
      expect(await kindOf(node, 'f5', forkOf('f2', { kind: 'start' }, 1, { body: bytesOf('[5]') }))).toBe(
        'created',
      )
      expect(await contentOf(node, 'f5')).toBe('1,\n5,\n')
      expectNoDamage(node)
    }
  })
})

describe('a fork that is refused', () => {
  const refusals: readonly (readonly [string, CreateStream])[] = [
    ['source-not-found', forkOf('none')],
    ['source-gone', forkOf('gone')],
    ['source-content-type', forkOf('a', null, 0, { contentType: 'text/html' })],
    ['fork-sub-offset', forkOf('a', null, 1)],
    ['fork-sub-offset', forkOf('a', { kind: 'start' }, 4)],
    [
      'fork-offset',
      forkOf('a', { kind: 'point', point: { position: 9, owner: '000000000000000a' as never } }),
    ],
    ['invalid-json', forkOf('json', null, 0, { body: bytesOf('[1') })],
    ['conflict', forkOf('json')],
    ['soft-deleted', forkOf('a')],
  ]

  it.each(refusals)('as %s leaves nothing behind', async (kind, request) => {
    const node = startNode()
    await node.engine.create(pathOf('a'), creation('abc'))
    await node.engine.create(pathOf('json'), json('[1]'))
    await node.engine.create(pathOf('gone'), creation())
    await node.engine.create(pathOf('keeps'), forkOf('gone'))
    await node.engine.delete(pathOf('gone'))
    const before = [...node.store.disk.streams].map(([path, { record }]) => [
      path,
      record.forkCount,
      record.pendingForks.length,
    ])
    const target = kind === 'conflict' ? 'a' : kind === 'soft-deleted' ? 'gone' : 'f'
    expect(await kindOf(node, target, request)).toBe(kind)
    await node.environment.settle()
    expect(
      [...node.store.disk.streams].map(([path, { record }]) => [
        path,
        record.forkCount,
        record.pendingForks.length,
      ]),
    ).toEqual(before)
    expectNoDamage(node)
  })

  it('for its depth or the number of its kind leaves nothing behind', async () => {
    const node = startNode({ limits: { maxForkDepth: 2, maxForksPerStream: 2 } })
    await node.engine.create(pathOf('0'), creation('abc'))
    expect(await kindOf(node, '1', forkOf('0'))).toBe('created')
    expect(await kindOf(node, '2', forkOf('1'))).toBe('created')
    expect(await kindOf(node, '3', forkOf('2'))).toBe('too-deep')
    expect(await kindOf(node, '1b', forkOf('0'))).toBe('created')
    expect(await kindOf(node, '1c', forkOf('0'))).toBe('too-many-forks')
    await node.engine.delete(pathOf('1b'))
    expect(await kindOf(node, '1c', forkOf('0'))).toBe('created')
    expectNoDamage(node)
  })

  it('for its depth is so also when it inherits no bytes', async () => {
    const node = startNode({ limits: { maxForkDepth: 2 } })
    await node.engine.create(pathOf('0'), creation('abc'))
    for (let i = 1; i <= 3; i++) {
      expect(await kindOf(node, String(i), forkOf(String(i - 1), { kind: 'start' }))).toBe(
        i <= 2 ? 'created' : 'too-deep',
      )
    }
  })

  it('because another one won leaves the winner', async () => {
    const node = startNode()
    await node.engine.create(pathOf('a'), creation('abc'))
    const kinds = await Promise.all(Array.from({ length: 5 }, () => kindOf(node, 'f', forkOf('a'))))
    expect(kinds.sort()).toEqual(['created', 'exists', 'exists', 'exists', 'exists'])
    await node.environment.settle()
    expect(node.store.disk.streams.get(pathOf('a'))!.record.forkCount).toBe(1)
    expectNoDamage(node)
  })
})

describe('a source', () => {
  it('that is deleted is gone for clients as long as a fork lives, and then for good', async () => {
    const node = startNode()
    const a = pathOf('a')
    await node.engine.create(a, creation('abc'))
    await node.engine.create(pathOf('f'), forkOf('a'))
    expect(await node.engine.delete(a)).toEqual({ kind: 'deleted' })
    expect(await node.engine.head(a)).toEqual({ kind: 'gone' })
    expect(await node.engine.read(a, null)).toEqual({ kind: 'gone' })
    expect(await node.engine.append(a, appendOf('x'))).toEqual({ kind: 'gone' })
    expect(await node.engine.delete(a)).toEqual({ kind: 'gone' })
    expect(await kindOf(node, 'a', creation())).toBe('soft-deleted')
    await node.engine.delete(pathOf('f'))
    expect(await node.engine.head(a)).toEqual({ kind: 'not-found' })
    expect(node.store.disk.streams.size).toBe(0)
    expect(node.store.disk.bytes.size).toBe(0)
    expect(await kindOf(node, 'a', creation())).toBe('created')
  })

  it('goes with the last of its forks, and so do its own sources', async () => {
    for (const order of [
      ['root', 'mid', 'leaf'],
      ['leaf', 'mid', 'root'],
      ['mid', 'leaf', 'root'],
      ['mid', 'root', 'leaf'],
    ]) {
      const node = await threeGenerations()
      const left = new Set(order)
      for (const path of order) {
        expect(await node.engine.delete(pathOf(path))).toEqual({ kind: 'deleted' })
        left.delete(path)
        for (const other of left) expect((await node.engine.head(pathOf(other))).kind).toBe('found')
        expectNoDamage(node)
      }
      expect(node.store.disk.streams.size).toBe(0)
    }
  })

  it('that expires is gone, and its forks live on', async () => {
    const node = startNode()
    const expiry = { kind: 'ttl', seconds: 1 } as const
    await node.engine.create(pathOf('a'), creation('abc', { expiry }))
    await node.engine.create(pathOf('f'), forkOf('a', null, 0, { expiry: { kind: 'never' } }))
    await node.engine.create(pathOf('heir'), forkOf('a'))
    await node.environment.advance(2_000)
    expect(await node.engine.head(pathOf('a'))).toEqual({ kind: 'gone' })
    expect(await node.engine.head(pathOf('heir'))).toEqual({ kind: 'not-found' })
    expect(await contentOf(node, 'f')).toBe('abc')
    await node.engine.delete(pathOf('f'))
    expect(await node.engine.head(pathOf('a'))).toEqual({ kind: 'not-found' })
    expectNoDamage(node)
  })

  it('does not mind a fork that is made, deleted and made again', async () => {
    const node = startNode()
    await node.engine.create(pathOf('a'), creation('abc'))
    for (let i = 0; i < 3; i++) {
      expect(await kindOf(node, 'f', forkOf('a', { kind: 'start' }, i))).toBe('created')
      expect(await contentOf(node, 'f')).toBe('abc'.slice(0, i))
      expect((await node.engine.delete(pathOf('f'))).kind).toBe('deleted')
    }
    expect(node.store.disk.streams.get(pathOf('a'))!.record.forkCount).toBe(0)
    expectNoDamage(node)
  })

  it('of an expired fork is let go of when the path is used again', async () => {
    const node = startNode({ limits: { sweepIntervalMs: 0 } })
    await node.engine.create(pathOf('a'), creation('abc'))
    await node.engine.create(pathOf('f'), forkOf('a', null, 0, { expiry: { kind: 'ttl', seconds: 1 } }))
    await node.environment.advance(1_000)
    expect(await kindOf(node, 'f', creation('new'))).toBe('created')
    expect(await contentOf(node, 'f')).toBe('new')
    expect(node.store.disk.streams.get(pathOf('a'))!.record.forkCount).toBe(0)
    expectNoDamage(node)
  })
})
