import type { CommitFault } from '../../test/test-store.js'
import type { Node } from '../../test/simulation.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SETTLE_AFTER_MS } from '../store/record.js'
import { Shuffle, choices, crash, startNode } from '../../test/simulation.js'
import { StoreError } from '../store/contract.js'
import { TestDisk } from '../../test/test-disk.js'
import { appendOf, bytesOf, creation, forkOf, pathOf, textOf } from '../../test/requests.js'
import { findDamage } from '../../test/invariants.js'

const PATHS = ['a', 'b', 'c', 'd'].map(pathOf)

/** Clients that make, fork, write and delete a few streams on two nodes at once, while commits fail. */
class Chaos {
  readonly disk = new TestDisk()
  readonly nodes: readonly Node[]
  readonly #pick: (count: number) => number
  readonly #shuffle: Shuffle
  #clients = 0

  constructor(seed: number) {
    this.#pick = choices(seed)
    this.nodes = ['1', '2'].map((name) =>
      startNode({ disk: this.disk, name, limits: { sweepIntervalMs: 5_000 } }),
    )
    this.#shuffle = new Shuffle(this.nodes, this.#pick)
    for (const { store } of this.nodes)
      store.commitFault = () => (this.#pick(12) === 0 ? this.#fault() : null)
  }

  /** Lets the clients do their work; one of the nodes may crash in the middle of it. */
  async run(): Promise<void> {
    for (let i = 0; i < 6; i++) void this.#client(this.nodes[i % 2]!)
    const crashAt = this.#pick(3) === 0 ? this.#pick(150) : -1
    for (let step = 0; this.#clients > 0 && step < 3_000; step++) {
      if (step === crashAt) crash(this.nodes[0]!)
      const isIdle = !(await this.#shuffle.step())
      // Now and then time leaps, as it does for a node that stands still.
      const leap = this.#pick(200) === 0 ? SETTLE_AFTER_MS + 1_000 : isIdle ? 500 : 0
      if (leap > 0) for (const { environment } of this.nodes) await environment.advance(leap)
      if (isIdle && step > crashAt && crashAt >= 0 && this.#pick(20) === 0) break
    }
  }

  /** A fresh node takes over, and has all the time that it needs. */
  async settle(): Promise<Node> {
    const time = Math.max(...this.nodes.map(({ environment }) => environment.time))
    for (const node of this.nodes) crash(node)
    const heir = startNode({ disk: this.disk, name: '3', time, limits: { sweepIntervalMs: 500 } })
    await heir.environment.advance(3 * SETTLE_AFTER_MS)
    return heir
  }

  async #client({ engine }: Node): Promise<void> {
    this.#clients++
    for (let i = 0; i < 8; i++) {
      const path = PATHS[this.#pick(PATHS.length)]!
      const source = PATHS[this.#pick(PATHS.length)]!
      const expiry = this.#pick(5) === 0 ? ({ kind: 'ttl', seconds: 20 } as const) : null
      const works = [
        () => engine.create(path, creation('x', { expiry })),
        () => engine.create(path, forkOf(source, null, 0, { body: bytesOf('y'), expiry })),
        () => engine.create(path, forkOf(source, { kind: 'start' }, this.#pick(2))),
        () => engine.delete(path),
        () => engine.append(path, appendOf('z')),
      ]
      await works[this.#pick(works.length)]!().catch(() => undefined)
    }
    this.#clients--
  }

  #fault(): CommitFault {
    const faults: CommitFault[] = [
      { kind: 'conflict' },
      { kind: 'unknown-committed' },
      { kind: 'unknown-not-committed' },
      { kind: 'throw', error: new StoreError('unavailable', 'away') },
    ]
    return faults[this.#pick(faults.length)]!
  }
}

it('forks that are made and unmade at once, on nodes that fail, come to rest with every byte that they need', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const chaos = new Chaos(seed)
      await chaos.run()
      const heir = await chaos.settle()
      expect(findDamage(chaos.disk, heir.environment.time)).toEqual([])
      for (const path of PATHS) {
        const page = await heir.engine.read(path, null)
        if (page.kind === 'page') expect(textOf(page.pieces)).toMatch(/^x?[xyz]*$/)
      }
      for (const path of PATHS) await heir.engine.delete(path)
      await heir.environment.advance(2 * SETTLE_AFTER_MS)
      expect([...chaos.disk.streams.keys()]).toEqual([])
      expect(chaos.disk.bytes.size).toBe(0)
    }),
    { seed: 20_241_009, numRuns: 150 },
  )
}, 30_000)
