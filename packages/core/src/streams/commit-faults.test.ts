import type { CommitFault } from '../../test/test-store.js'
import type { Node } from '../../test/simulation.js'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../store/contract.js'
import { TestDisk } from '../../test/test-disk.js'
import { appendOf, creation, forkOf, pathOf, producerOf, textOf } from '../../test/requests.js'
import { finish, startNode } from '../../test/simulation.js'

const path = pathOf('a')

/** Makes the next commits fail in this way, one after the other. */
function failNext(node: Node, ...faults: CommitFault[]): void {
  node.store.commitFault = () => faults.shift() ?? null
}

async function nodeWithStream(): Promise<Node> {
  const node = startNode()
  await node.engine.create(path, creation('0'))
  return node
}

async function contentOf({ engine }: Node): Promise<string> {
  const page = await engine.read(path, null)
  return page.kind === 'page' ? textOf(page.pieces) : page.kind
}

const full: CommitFault = { kind: 'throw', error: new StoreError('full', 'no space') }
const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => value,
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  )

describe('a commit that meets another writer', () => {
  it('is decided again on what that one left', async () => {
    const disk = new TestDisk()
    const [one, two] = [startNode({ disk }), startNode({ disk, name: '2' })]
    await one.engine.create(path, creation())
    let isFirst = true
    one.store.commitFault = () => {
      if (isFirst) disk.commit(path, disk.load(path, [])!.version, otherAppend(disk, 'other'))
      isFirst = false
      return null
    }
    const outcomes = await Promise.all([
      one.engine.append(path, appendOf('a')),
      one.engine.append(path, appendOf('b')),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended'])
    expect(await contentOf(two)).toBe('otherab')
  })

  it('finds a duplicate that another node has accepted meanwhile', async () => {
    const disk = new TestDisk()
    const [one, two] = [startNode({ disk }), startNode({ disk, name: '2' })]
    await one.engine.create(path, creation())
    const request = appendOf('x', { producer: producerOf('p', 0, 0) })
    const outcomes = await Promise.all([one.engine.append(path, request), two.engine.append(path, request)])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['appended', 'duplicate'])
    expect(await contentOf(one)).toBe('x')
  })

  it('gives up after a bounded number of attempts, and leaves nothing', async () => {
    const node = await nodeWithStream()
    node.store.commitFault = () => ({ kind: 'conflict' })
    const before = node.store.commits
    expect(await codeOf(node.engine.append(path, appendOf('x')))).toBe('contended')
    expect(node.store.commits - before).toBe(16)
    failNext(node)
    expect(await contentOf(node)).toBe('0')
    expect((await node.engine.append(path, appendOf('y'))).kind).toBe('appended')
  })
})

function otherAppend(disk: TestDisk, text: string): Parameters<TestDisk['commit']>[2] {
  const { record } = disk.load(path, [])!
  const bytes = [new TextEncoder().encode(text)]
  return {
    commitId: 'other',
    record: { ...record, tail: record.tail + text.length },
    bytes,
    entries: new Map(),
    touchedAt: null,
    ifTouchedAt: null,
  }
}

describe('a commit of which nobody knows what became', () => {
  it.each([
    [['unknown-committed']],
    [['unknown-not-committed']],
    [['unknown-not-committed', 'unknown-not-committed']],
    [['unknown-not-committed', 'unknown-committed']],
    [['unknown-not-committed', 'conflict']],
  ] as const)('is found out about: %j', async ([...kinds]) => {
    const node = await nodeWithStream()
    failNext(node, ...kinds.map((kind) => ({ kind })))
    const appends = ['a', 'b'].map((text) => node.engine.append(path, appendOf(text)))
    const outcomes = await finish(node, Promise.all(appends))
    expect(outcomes.map(({ kind }) => kind)).toEqual(['appended', 'appended'])
    expect(await contentOf(node)).toBe('0ab')
  })

  it('is not taken for a success when others have written on top', async () => {
    for (const kind of ['unknown-committed', 'unknown-not-committed'] as const) {
      const node = await nodeWithStream()
      const { disk } = node.store
      failNext(node, { kind })
      let loads = 0
      node.store.before = (operation) => {
        if (operation === 'load' && ++loads === 2)
          disk.commit(path, disk.load(path, [])!.version, otherAppend(disk, '!'))
      }
      expect(await codeOf(node.engine.append(path, appendOf('x')))).toBe('outcome-unknown')
      expect(await contentOf(node)).toBe(kind === 'unknown-committed' ? '0x!' : '0!')
    }
  })

  it('may be repeated by its producer', async () => {
    const node = await nodeWithStream()
    const { disk } = node.store
    failNext(node, { kind: 'unknown-committed' })
    let loads = 0
    node.store.before = (operation) => {
      if (operation === 'load' && ++loads === 2)
        disk.commit(path, disk.load(path, [])!.version, otherAppend(disk, '!'))
    }
    const request = appendOf('x', { producer: producerOf('p', 0, 0) })
    expect(await codeOf(node.engine.append(path, request))).toBe('outcome-unknown')
    expect((await node.engine.append(path, request)).kind).toBe('duplicate')
    expect(await contentOf(node)).toBe('0x!')
  })

  it('stays unknown when the store cannot be asked', async () => {
    const node = await nodeWithStream()
    failNext(node, { kind: 'unknown-committed' })
    let loads = 0
    node.store.before = (operation) => {
      if (operation === 'load' && ++loads === 2) throw new StoreError('unavailable', 'gone')
    }
    expect(await codeOf(node.engine.append(path, appendOf('x')))).toBe('outcome-unknown')
  })

  it('is what any other exception of a store means', async () => {
    const node = await nodeWithStream()
    failNext(node, { kind: 'throw', error: new TypeError('a bug') })
    expect((await node.engine.append(path, appendOf('x'))).kind).toBe('appended')
    expect(await contentOf(node)).toBe('0x')
  })

  it('stays unknown when a repetition fails for sure', async () => {
    const node = await nodeWithStream()
    failNext(node, { kind: 'unknown-not-committed' }, full)
    expect(await codeOf(finish(node, node.engine.append(path, appendOf('x'))))).toBe('outcome-unknown')
  })

  it('does not go on for ever', async () => {
    const node = await nodeWithStream()
    node.store.commitFault = () => ({ kind: 'unknown-not-committed' })
    expect(await codeOf(finish(node, node.engine.append(path, appendOf('x'))))).toBe('outcome-unknown')
  })

  it('is found out about for creations and deletions, too', async () => {
    for (const kind of ['unknown-committed', 'unknown-not-committed'] as const) {
      const node = startNode()
      failNext(node, { kind })
      expect((await node.engine.create(path, creation('x'))).kind).toBe('created')
      failNext(node, { kind })
      const deletion = await codeOf(node.engine.delete(path))
      if (kind === 'unknown-committed')
        expect(['outcome-unknown', { kind: 'deleted' }]).toContainEqual(deletion)
      else expect(deletion).toEqual({ kind: 'deleted' })
      expect(await contentOf(node)).toBe('not-found')
    }
  })

  it('does not bring back a stream that was created, seen and deleted meanwhile', async () => {
    const disk = new TestDisk()
    const [one, two] = [startNode({ disk }), startNode({ disk, name: '2' })]
    failNext(one, { kind: 'unknown-committed' })
    let loads = 0
    let deletion: unknown = null
    const isDeleted = new Promise<void>((resolve) => {
      one.store.pace = (what, step) => {
        if (what.startsWith('load') && ++loads === 2) {
          void two.engine.delete(path).then((outcome) => {
            deletion = outcome
            resolve()
            step()
          })
        } else step()
      }
    })
    await codeOf(finish(one, one.engine.create(path, creation('x'))))
    await isDeleted
    expect(deletion).toEqual({ kind: 'deleted' })
    expect(await contentOf(two)).toBe('not-found')
  })
})

describe('a commit that fails', () => {
  it('fails for all that it carried, and leaves nothing of any of them', async () => {
    const node = await nodeWithStream()
    failNext(node, full)
    const batch = ['a', 'b', 'c'].map((text) =>
      codeOf(node.engine.append(path, appendOf(text, { producer: producerOf(text, 0, 0) }))),
    )
    const codes = await Promise.all(batch)
    expect(codes[0]).toBe('storage-full')
    const survivors = ['a', 'b', 'c'].filter((_, i) => codes[i] !== 'storage-full')
    expect(await contentOf(node)).toBe(`0${survivors.join('')}`)
    expect((await node.engine.append(path, appendOf('a', { producer: producerOf('a', 0, 0) }))).kind).toBe(
      'appended',
    )
  })

  it.each([
    ['full', 'storage-full'],
    ['unavailable', 'unavailable'],
    ['corrupt', 'storage-corrupt'],
  ] as const)('as %s is reported as %s', async (code, fault) => {
    const node = await nodeWithStream()
    failNext(node, { kind: 'throw', error: new StoreError(code, 'no') })
    const error: unknown = await node.engine.append(path, appendOf('x')).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'StreamFault', code: fault, cause: { code } })
    expect(await contentOf(node)).toBe('0')
  })

  it('does not stop what comes after it', async () => {
    const node = await nodeWithStream()
    const held: (() => void)[] = []
    let isHeld = true
    node.store.pace = (what, step) => {
      if (what.startsWith('commit') && isHeld) held.push(step)
      else step()
    }
    const first = codeOf(node.engine.append(path, appendOf('a')))
    await node.environment.settle()
    const second = codeOf(node.engine.append(path, appendOf('b')))
    failNext(node, full)
    isHeld = false
    held[0]!()
    expect(await first).toBe('storage-full')
    expect(await second).toMatchObject({ kind: 'appended' })
    expect(await contentOf(node)).toBe('0b')
  })
})

describe('a store that cannot be reached', () => {
  const operations: readonly (readonly [
    string,
    'load' | 'read' | 'touch' | 'watch',
    (node: Node) => Promise<unknown>,
  ])[] = [
    ['append', 'load', ({ engine }) => engine.append(path, appendOf('x'))],
    ['create', 'load', ({ engine }) => engine.create(path, creation('x'))],
    ['delete', 'load', ({ engine }) => engine.delete(path)],
    ['head', 'load', ({ engine }) => engine.head(path)],
    ['read', 'load', ({ engine }) => engine.read(path, null)],
    ['read', 'read', ({ engine }) => engine.read(path, null)],
    ['fork', 'load', ({ engine }) => engine.create(pathOf('f'), forkOf('a'))],
  ]

  it.each(operations)(
    'makes %s reject with a fault of the engine when it fails to %s',
    async (_name, operation, run) => {
      const node = await nodeWithStream()
      node.store.before = (what) => {
        if (what === operation) throw new StoreError('unavailable', 'away')
      }
      await expect(run(node)).rejects.toMatchObject({ name: 'StreamFault', code: 'unavailable' })
    },
  )

  it("makes a fork reject with a fault of the engine when its source's record cannot be loaded", async () => {
    const node = await nodeWithStream()
    node.store.before = (what, of) => {
      if (what === 'load' && of === 'a') throw new StoreError('unavailable', 'away')
    }
    await expect(node.engine.create(pathOf('f'), forkOf('a'))).rejects.toMatchObject({
      name: 'StreamFault',
    })
  })

  it('does not keep a read from its bytes when it only fails to touch', async () => {
    const node = startNode()
    await node.engine.create(path, creation('0', { expiry: { kind: 'ttl', seconds: 60 } }))
    await node.environment.advance(10_000)
    let touches = 0
    node.store.before = (what) => {
      if (what !== 'touch') return
      touches++
      throw new StoreError('full', 'no space')
    }
    expect(await contentOf(node)).toBe('0')
    expect(touches).toBe(1)
  })
})
