import type { Node } from '../../test/simulation.js'
import { describe, expect, it } from 'vitest'
import { SETTLE_AFTER_MS } from '../store/record.js'
import { TestDisk } from '../../test/test-disk.js'
import { bytesOf, creation, forkOf, pathOf, textOf } from '../../test/requests.js'
import { crash, startNode } from '../../test/simulation.js'
import { findDamage } from '../../test/invariants.js'

interface Scenario {
  readonly name: string
  readonly prepare: (node: Node) => Promise<unknown>
  /** What is cut short. */
  readonly act: (node: Node) => Promise<unknown>
  /** What every path says when it is read, whenever it can be read. */
  readonly contents: Readonly<Record<string, string>>
  /** The paths that are left when `act` was repeated until it succeeded. */
  readonly left: readonly string[]
}

const create = ({ engine }: Node, path: string, body: string): Promise<unknown> =>
  engine.create(pathOf(path), creation(body))
const fork = ({ engine }: Node, path: string, source: string, body = ''): Promise<unknown> =>
  engine.create(pathOf(path), forkOf(source, null, 0, { body: bytesOf(body) }))
const remove = ({ engine }: Node, path: string): Promise<unknown> => engine.delete(pathOf(path))

async function family(node: Node): Promise<void> {
  await create(node, 'root', 'r')
  await fork(node, 'mid', 'root', 'm')
  await fork(node, 'leaf', 'mid', 'l')
}
const contents = { root: 'r', mid: 'rm', leaf: 'rml' }

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a fork is made',
    prepare: (node) => create(node, 'root', 'r'),
    act: (node) => fork(node, 'mid', 'root', 'm'),
    contents,
    left: ['mid', 'root'],
  },
  {
    name: 'a fork is deleted',
    prepare: family,
    act: (node) => remove(node, 'leaf'),
    contents,
    left: ['mid', 'root'],
  },
  {
    name: 'the last fork of deleted sources is deleted',
    prepare: async (node) => {
      await family(node)
      await remove(node, 'root')
      await remove(node, 'mid')
    },
    act: (node) => remove(node, 'leaf'),
    contents,
    left: [],
  },
  {
    name: 'a fork is made of a fork that is deleted at the same time',
    prepare: async (node) => {
      await create(node, 'root', 'r')
      await fork(node, 'mid', 'root', 'm')
    },
    act: (node) => Promise.all([fork(node, 'leaf', 'mid', 'l'), remove(node, 'mid')]),
    contents,
    left: ['leaf', 'mid', 'root'],
  },
  {
    name: 'two of the same fork are made at the same time',
    prepare: (node) => create(node, 'root', 'r'),
    act: (node) => Promise.all([fork(node, 'mid', 'root', 'm'), fork(node, 'mid', 'root', 'm')]),
    contents,
    left: ['mid', 'root'],
  },
  {
    name: 'a fork is made, and its source deleted, and the fork, too',
    prepare: (node) => create(node, 'root', 'r'),
    act: async (node) => {
      await fork(node, 'mid', 'root', 'm')
      await remove(node, 'root')
      await remove(node, 'mid')
    },
    contents,
    left: [],
  },
  {
    name: 'a stream takes the place of an expired fork',
    prepare: async (node) => {
      await create(node, 'root', 'r')
      await node.engine.create(
        pathOf('mid'),
        forkOf('root', null, 0, { expiry: { kind: 'ttl', seconds: 1 } }),
      )
      node.environment.time += 1_000
    },
    act: (node) => create(node, 'mid', 'rm'),
    contents,
    left: ['mid', 'root'],
  },
]

async function commitsOf({ prepare, act }: Scenario): Promise<number> {
  const node = startNode({ limits: { sweepIntervalMs: 0 } })
  await prepare(node)
  const before = node.store.disk.log.length
  await act(node)
  await node.environment.settle()
  return node.store.disk.log.length - before
}

/** Ends the node at its `count`-th commit from now: just before it happens, or just after, unanswered. */
function crashAt(node: Node, count: number, moment: 'before' | 'after'): void {
  let left = count
  node.store.commitFault = () => {
    if (--left === 0 && moment === 'before') crash(node)
    return left <= 0 && moment === 'before' ? { kind: 'unknown-not-committed' } : null
  }
  node.store.afterCommit = () => {
    if (left === 0 && moment === 'after') crash(node)
  }
}

/** Every stream that can be read says what it should. */
async function expectContents({ engine }: Node, expected: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(expected)) {
    const page = await engine.read(pathOf(path), null)
    if (page.kind === 'page') expect(textOf(page.pieces), path).toBe(text)
  }
}

const settling = { sweepIntervalMs: 500 }

describe.each(SCENARIOS)('when $name', (scenario) => {
  it.each(['before', 'after'] as const)(
    'a crash just %s any commit leaves nothing that does not settle',
    async (moment) => {
      const commits = await commitsOf(scenario)
      expect(commits).toBeGreaterThan(0)
      for (let count = 1; count <= commits; count++) {
        const disk = new TestDisk()
        const first = startNode({ disk, limits: { sweepIntervalMs: 0 } })
        await scenario.prepare(first)
        const owned = Object.keys(scenario.contents).filter(
          (path) => disk.streams.get(pathOf(path))?.record.state === 'live',
        )
        crashAt(first, count, moment)
        void scenario.act(first).catch(() => undefined)
        await first.environment.settle()
        crash(first)
        const second = startNode({ disk, name: '2', time: first.environment.time, limits: settling })
        expect(findDamage(disk, null), `commit ${count}`).toEqual([])
        await expectContents(second, scenario.contents)
        await second.environment.advance(SETTLE_AFTER_MS + 2_000)
        expect(findDamage(disk, second.environment.time), `commit ${count}`).toEqual([])
        await expectContents(second, scenario.contents)
        expect(owned.length).toBeGreaterThanOrEqual(0)
      }
    },
  )

  it.each(['before', 'after'] as const)(
    'a client that repeats itself after a crash just %s any commit comes to the same end',
    async (moment) => {
      const commits = await commitsOf(scenario)
      for (let count = 1; count <= commits; count++) {
        const disk = new TestDisk()
        const first = startNode({ disk, limits: { sweepIntervalMs: 0 } })
        await scenario.prepare(first)
        crashAt(first, count, moment)
        void scenario.act(first).catch(() => undefined)
        await first.environment.settle()
        crash(first)
        const second = startNode({ disk, name: '2', time: first.environment.time, limits: settling })
        await scenario.act(second)
        await expectContents(second, scenario.contents)
        await second.environment.advance(SETTLE_AFTER_MS + 2_000)
        expect(findDamage(disk, second.environment.time), `commit ${count}`).toEqual([])
        await expectContents(second, scenario.contents)
        // What raced within the act may have ended either way; everything else has one end.
        if (!scenario.name.includes('at the same time')) {
          expect([...disk.streams.keys()].sort(), `commit ${count}`).toEqual(scenario.left)
        }
      }
    },
  )
})

describe('a node that stands still in the middle of a fork', () => {
  /** Holds one node's commits from the `count`-th on, until `open`. */
  function stall(node: Node, count: number): () => void {
    let left = count
    const held: (() => void)[] = []
    let isOpen = false
    node.store.pace = (what, step) => {
      if (what.startsWith('commit')) left--
      if (left <= 0 && !isOpen) held.push(step)
      else step()
    }
    return () => {
      isOpen = true
      for (const step of held.splice(0)) step()
    }
  }

  it.each([1, 2, 3, 4])(
    'while another one cleans up at commit %i, leaves what it says that it left',
    async (count) => {
      for (const crashLater of [0, 1, 2]) {
        const disk = new TestDisk()
        const slow = startNode({ disk, limits: { sweepIntervalMs: 0 } })
        const other = startNode({ disk, name: '2', limits: settling })
        await create(slow, 'root', 'r')
        const open = stall(slow, count)
        const made = slow.engine.create(pathOf('mid'), forkOf('root', null, 0, { body: bytesOf('m') })).then(
          ({ kind }) => kind,
          () => 'fault',
        )
        await slow.environment.settle()
        await other.environment.advance(SETTLE_AFTER_MS + 2_000)
        slow.environment.time = other.environment.time
        if (crashLater > 0) crashAt(slow, crashLater, 'after')
        open()
        await slow.environment.settle()
        if (crashLater > 0) crash(slow)
        expect(findDamage(disk, null)).toEqual([])
        await remove(other, 'root')
        await other.environment.advance(SETTLE_AFTER_MS + 2_000)
        expect(findDamage(disk, other.environment.time), `crash ${crashLater} commits later`).toEqual([])
        await expectContents(other, contents)
        if (crashLater > 0) continue
        const isThere = (await other.engine.head(pathOf('mid'))).kind === 'found'
        expect(isThere).toBe((await made) === 'created')
      }
    },
  )

  it('while another one cleans up and forks the half-made fork, takes no bytes from that', async () => {
    const disk = new TestDisk()
    const slow = startNode({ disk, limits: { sweepIntervalMs: 0 } })
    const other = startNode({ disk, name: '2', limits: settling })
    await create(slow, 'root', 'r')
    const open = stall(slow, 2)
    const made = fork(slow, 'mid', 'root', 'm')
    await slow.environment.settle()
    await other.environment.advance(SETTLE_AFTER_MS + 2_000)
    slow.environment.time = other.environment.time
    // It goes on, creates the fork, and stands still again before it learns that the source has forgotten it.
    open()
    const openAgain = stall(slow, 1)
    await slow.environment.settle()
    const forked = await other.engine.create(pathOf('leaf'), forkOf('mid', null, 0, { body: bytesOf('l') }))
    openAgain()
    await made
    await other.environment.advance(SETTLE_AFTER_MS + 2_000)
    await remove(other, 'root')
    await other.environment.advance(SETTLE_AFTER_MS + 2_000)
    expect(findDamage(disk, other.environment.time)).toEqual([])
    if (forked.kind === 'created') expect((await other.engine.read(pathOf('leaf'), null)).kind).toBe('page')
  })
})
