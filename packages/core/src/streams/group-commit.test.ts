import { describe, expect, it } from 'vitest'
import { appendOf, creation, pathOf, producerOf, textOf } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'
import type { Node } from '../../test/simulation.js'

const path = pathOf('a')

async function contentOf({ engine }: Node, at = path): Promise<string> {
  const page = await engine.read(at, null)
  return page.kind === 'page' ? textOf(page.pieces) : page.kind
}

/** Holds commits back until `open` is called. */
function gateCommits(node: Node): { open: () => void; readonly held: number } {
  const held: (() => void)[] = []
  let isOpen = false
  node.store.pace = (what, step) => {
    if (what.startsWith('commit') && !isOpen) held.push(step)
    else step()
  }
  return {
    open: () => {
      isOpen = true
      for (const step of held.splice(0)) step()
    },
    get held() {
      return held.length
    },
  }
}

describe('concurrent appends', () => {
  it('share commits and keep their order', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    const before = node.store.commits
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => node.engine.append(path, appendOf(`${i};`))),
    )
    expect(node.store.commits - before).toBeLessThanOrEqual(2)
    expect(await contentOf(node)).toBe(Array.from({ length: 100 }, (_, i) => `${i};`).join(''))
    const tails = outcomes.map((outcome) => (outcome.kind === 'appended' ? outcome.tail : ''))
    expect(tails).toEqual([...new Set(tails)].sort())
  })

  it('are told nothing, and read by nobody, before their commit is durable', async () => {
    const node = startNode()
    await node.engine.create(path, creation('x'))
    const gate = gateCommits(node)
    const settled: number[] = []
    const appends = [0, 1, 2].map((i) => node.engine.append(path, appendOf('y')).then(() => settled.push(i)))
    await node.environment.settle()
    expect(gate.held).toBe(1)
    expect(settled).toEqual([])
    expect(await contentOf(node)).toBe('x')
    gate.open()
    await Promise.all(appends)
    expect(settled).toEqual([0, 1, 2])
    expect(await contentOf(node)).toBe('xyyy')
  })

  it('of one commit see what the ones before them did', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    const gate = gateCommits(node)
    const first = node.engine.append(path, appendOf('-'))
    await node.environment.settle()
    const p = (epoch: number, seq: number): ReturnType<typeof appendOf> =>
      appendOf(`${epoch}.${seq};`, { producer: producerOf('p', epoch, seq) })
    const requests = [
      p(0, 0),
      p(0, 0),
      p(0, 1),
      p(0, 3),
      p(1, 0),
      p(0, 2),
      appendOf('b', { streamSeq: 'b' }),
      appendOf('a', { streamSeq: 'a' }),
      appendOf('end', { close: true }),
      appendOf('late'),
    ]
    const outcomes = Promise.all(requests.map((request) => node.engine.append(path, request)))
    await node.environment.settle()
    const before = node.store.commits
    gate.open()
    await first
    expect((await outcomes).map(({ kind }) => kind)).toEqual([
      'appended',
      'duplicate',
      'appended',
      'gap',
      'appended',
      'stale-epoch',
      'appended',
      'stream-seq-regression',
      'appended',
      'closed',
    ])
    expect(node.store.commits - before).toBe(2)
    expect(await contentOf(node)).toBe('-0.0;0.1;1.0;bend')
  })

  it('are cut into commits of a bounded size, of which each carries at least one', async () => {
    const node = startNode({ limits: { maxCommitBytes: 10 } })
    await node.engine.create(path, creation())
    const sizes = ['1', '22', '4444', '4444', '55555', '55555', 'x'.repeat(50), '1', '1']
    const before = node.store.disk.log.length
    await Promise.all(sizes.map((text) => node.engine.append(path, appendOf(text))))
    const commits = node.store.disk.log.slice(before).map(({ change }) => textOf(change.bytes))
    expect(commits.join('')).toBe(sizes.join(''))
    for (const commit of commits) expect(commit.length <= 10 || commit === 'x'.repeat(50)).toBe(true)
  })

  it('of different streams do not wait for each other', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    await node.engine.create(pathOf('b'), creation())
    const held: (() => void)[] = []
    node.store.pace = (what, step) => {
      if (what === 'commit a') held.push(step)
      else step()
    }
    const slow = node.engine.append(path, appendOf('x'))
    expect((await node.engine.append(pathOf('b'), appendOf('y'))).kind).toBe('appended')
    held[0]!()
    expect((await slow).kind).toBe('appended')
  })

  it('that change nothing make no commit', async () => {
    const node = startNode()
    await node.engine.create(path, creation())
    const before = node.store.commits
    const outcomes = await Promise.all([
      node.engine.append(path, appendOf('')),
      node.engine.append(path, appendOf('x', { contentType: 'a/b' })),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['empty-body', 'content-type-mismatch'])
    expect(node.store.commits).toBe(before)
  })
})

describe('creations, appends and deletions in one queue', () => {
  it('happen in their order', async () => {
    const node = startNode()
    const { engine } = node
    const outcomes = await Promise.all([
      engine.append(path, appendOf('early')),
      engine.create(path, creation('one')),
      engine.append(path, appendOf('+', { producer: producerOf('p', 0, 0) })),
      engine.delete(path),
      engine.append(path, appendOf('between')),
      engine.create(path, creation('two', { closed: true })),
      engine.append(path, appendOf('+', { producer: producerOf('p', 0, 0) })),
      engine.delete(path),
      engine.delete(path),
      engine.create(path, creation('three')),
      engine.append(path, appendOf('+', { producer: producerOf('p', 0, 0) })),
      engine.create(path, creation('four')),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual([
      'not-found',
      'created',
      'appended',
      'deleted',
      'not-found',
      'created',
      'closed',
      'deleted',
      'not-found',
      'created',
      'appended',
      'exists',
    ])
    expect(await contentOf(node)).toBe('three+')
    expect(node.store.disk.bytes.size).toBe(1)
  })

  it('give every incarnation its own offsets', async () => {
    const { engine } = startNode()
    const tails: string[] = []
    for (let i = 0; i < 3; i++) {
      const outcome = await engine.create(path, creation('same'))
      tails.push(outcome.kind === 'created' ? outcome.stream.tail : '')
      await engine.delete(path)
    }
    expect(new Set(tails).size).toBe(3)
  })

  it('keep their order also when some of them have to wait for the next commit', async () => {
    const node = startNode()
    const { engine } = node
    await engine.create(path, creation('one'))
    const gate = gateCommits(node)
    const early = [engine.delete(path), engine.create(path, creation('two'))]
    await node.environment.settle()
    expect(gate.held).toBe(1)
    const late = [
      engine.append(path, appendOf('+')),
      engine.delete(path),
      engine.create(path, creation('three')),
    ]
    await node.environment.settle()
    gate.open()
    const kinds = (await Promise.all([...early, ...late])).map(({ kind }) => kind)
    expect(kinds).toEqual(['deleted', 'created', 'appended', 'deleted', 'created'])
    expect(await contentOf(node)).toBe('three')
  })

  it('know nothing of the producers of an expired stream whose place they take', async () => {
    const node = startNode({ limits: { sweepIntervalMs: 0 } })
    const { engine, environment } = node
    const append = appendOf('x', { producer: producerOf('p', 0, 0) })
    await engine.create(path, creation('old', { expiry: { kind: 'ttl', seconds: 1 } }))
    await engine.append(path, append)
    await environment.advance(1_000)
    const outcomes = await Promise.all([engine.create(path, creation('new')), engine.append(path, append)])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['created', 'appended'])
    expect(await contentOf(node)).toBe('newx')
  })
})
