import type { CommitFault } from '../../test/test-store.js'
import type { Node } from '../../test/simulation.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Shuffle, choices, startNode } from '../../test/simulation.js'
import { StoreError } from '../store/contract.js'
import { TestDisk } from '../../test/test-disk.js'
import { appendOf, creation, pathOf, producerOf } from '../../test/requests.js'
import { findDamage } from '../../test/invariants.js'

const path = pathOf('a')
const WRITERS = 5
const APPENDS = 6

/** What became of one append, and when it was begun and answered, counted in steps of the simulation. */
interface Attempt {
  readonly token: string
  readonly result: 'yes' | 'no' | 'perhaps'
  readonly begun: number
  readonly answered: number
}

/** Some of a store's commits fail, in every way that they can. */
function unreliable(pick: (count: number) => number): () => CommitFault | null {
  const faults: (CommitFault | null)[] = [
    { kind: 'conflict' },
    { kind: 'unknown-committed' },
    { kind: 'unknown-not-committed' },
    { kind: 'unknown-committed-later' },
    { kind: 'throw', error: new StoreError('full', 'no space') },
    { kind: 'throw', error: new Error('connection reset') },
  ]
  return () => (pick(4) === 0 ? faults[pick(faults.length)]! : null)
}

/** Runs writers on two nodes that share a store, in an order that the seed decides. */
async function run(seed: number): Promise<{ attempts: Attempt[]; content: string; damage: string[] }> {
  const pick = choices(seed)
  const disk = new TestDisk()
  const nodes = ['1', '2'].map((name) =>
    startNode({ disk, name, limits: { sweepIntervalMs: 0, maxCommitBytes: 40 } }),
  )
  await nodes[0]!.engine.create(path, creation())
  const shuffle = new Shuffle(nodes, pick)
  for (const { store } of nodes) store.commitFault = unreliable(pick)
  const attempts: Attempt[] = []
  const clock = { step: 0 }
  const writers = Array.from({ length: WRITERS }, (_, w) => write(nodes[w % 2]!, w, attempts, clock))
  const finished = { count: 0 }
  for (const writer of writers) void writer.then(() => finished.count++)
  for (; finished.count < WRITERS || clock.step < 50; clock.step++) {
    if (clock.step > 20_000) throw new Error('the writers do not come to an end')
    // Pauses before a commit is looked for again are the only timers.
    if (!(await shuffle.step())) for (const { environment } of nodes) await environment.advance(1_000)
  }
  await shuffle.run()
  const content = Buffer.from(disk.bytes.values().next().value!.content).toString()
  return { attempts, content, damage: findDamage(disk, nodes[0]!.environment.time) }
}

/** One writer after the other's answer; even ones are producers, and repeat what they do not know. */
async function write(
  { engine }: Node,
  w: number,
  attempts: Attempt[],
  clock: { step: number },
): Promise<void> {
  for (let i = 0; i < APPENDS; i++) {
    const token = `<${w}.${i}>`
    const producer = w % 2 === 0 ? producerOf(`p${w}`, 0, i) : null
    const begun = clock.step
    for (;;) {
      const result = await engine.append(path, appendOf(token, { producer })).then(
        ({ kind }) => (kind === 'appended' || kind === 'duplicate' ? 'yes' : 'no'),
        (error: unknown) => ((error as { code: string }).code === 'outcome-unknown' ? 'perhaps' : 'no'),
      )
      if (producer !== null && result !== 'yes') continue
      attempts.push({ token, result, begun, answered: clock.step })
      break
    }
  }
}

const countOf = (content: string, token: string): number => content.split(token).length - 1

describe('appends by many writers on two nodes over an unreliable store', () => {
  it('are there exactly once if acknowledged, not at all if refused, and in the order of their answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const { attempts, content, damage } = await run(seed)
        expect(damage).toEqual([])
        expect(content.replace(/<\d\.\d>/g, '')).toBe('')
        for (const { token, result } of attempts) {
          const count = countOf(content, token)
          if (result === 'yes') expect(count, token).toBe(1)
          if (result === 'no') expect(count, token).toBe(0)
          if (result === 'perhaps') expect(count, token).toBeLessThanOrEqual(1)
        }
        const known = attempts.filter(({ result }) => result === 'yes')
        for (const a of known) {
          for (const b of known) {
            if (a.answered < b.begun) expect(content.indexOf(a.token)).toBeLessThan(content.indexOf(b.token))
          }
        }
        expect(known.filter(({ token }) => Number(token[1]) % 2 === 0)).toHaveLength(3 * APPENDS)
      }),
      { numRuns: 150 },
    )
  }, 30_000)
})
