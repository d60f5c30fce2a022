import type { Node } from '../../test/simulation.js'
import type { Offset } from '../protocol/branded.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { Shuffle, choices, startNode } from '../../test/simulation.js'
import { StoreError } from '../store/contract.js'
import { TestDisk } from '../../test/test-disk.js'
import { appendOf, at, creation, pathOf } from '../../test/requests.js'

const path = pathOf('a')
const TYPES = ['text/plain', 'application/octet-stream', 'application/json'] as const

/** One reader of a random run, where it began, and whether it left by itself. */
interface Follower {
  readonly reader: CollectingReader
  from: number | null
  hasLeft: boolean
}

class Run {
  readonly pick: (count: number) => number
  readonly nodes: readonly Node[]
  readonly followers: Follower[] = []
  readonly type: (typeof TYPES)[number]
  readonly ending: 'open' | 'closed' | 'deleted' | 'replaced'
  readonly #shuffle: Shuffle
  readonly #disk = new TestDisk()
  readonly #offsets: Offset[] = []
  /** Everything that was ever appended to the stream under test. */
  content = ''

  constructor(seed: number, faults: boolean) {
    this.pick = choices(seed)
    this.type = TYPES[this.pick(3)]!
    this.ending = (['open', 'closed', 'deleted', 'replaced'] as const)[this.pick(4)]!
    const limits = { sweepIntervalMs: 0, maxLiveBatchBytes: 1 + this.pick(20) }
    this.nodes = ['1', '2'].map((name) => startNode({ disk: this.#disk, name, limits }))
    for (const { store } of this.nodes) {
      store.capabilities = { ...store.capabilities, multiNode: this.pick(2) === 0 }
      store.before = (operation) => {
        if (faults && (operation === 'load' || operation === 'read') && this.pick(30) === 0)
          throw new StoreError('unavailable', 'away')
      }
    }
    this.#shuffle = new Shuffle(this.nodes, this.pick)
  }

  async go(): Promise<void> {
    await this.#finish(
      retrying(() => this.nodes[0]!.engine.create(path, creation('', { contentType: this.type }))),
    )
    const writing = this.#write()
    const joining = Promise.all(Array.from({ length: 2 + this.pick(8) }, () => this.#join()))
    await this.#finish(Promise.all([writing, joining]))
    // Whoever rests is ready again in the end, and failures are over.
    for (const { store } of this.nodes) store.before = () => undefined
    for (let round = 0; round < 6; round++) {
      await this.#shuffle.run()
      for (const { environment } of this.nodes) await environment.advance(3_000)
      for (const { reader } of this.followers) this.#wakeUp(reader)
    }
    await this.#shuffle.run()
  }

  async #write(): Promise<void> {
    for (let i = this.pick(12); i >= 0; i--) {
      await this.#rest(this.pick(15))
      await this.#append(false)
    }
    const { engine } = this.nodes[this.pick(2)]!
    if (this.ending === 'closed') await (this.pick(2) === 0 ? this.#append(true) : this.#close())
    if (this.ending === 'deleted' || this.ending === 'replaced') await retrying(() => engine.delete(path))
    if (this.ending === 'replaced')
      await retrying(() => engine.create(path, creation('other content', { contentType: 'text/plain' })))
    if (this.ending === 'replaced') await retrying(() => engine.append(path, appendOf('even more')))
  }

  async #append(close: boolean): Promise<void> {
    const body =
      this.type === 'application/json'
        ? JSON.stringify(Array.from({ length: 1 + this.pick(3) }, () => 'm'.repeat(this.pick(9))))
        : this.#awkward()
    const request = appendOf('', { body: Buffer.from(body, 'latin1'), contentType: this.type, close })
    const outcome = await retrying(() => this.nodes[this.pick(2)]!.engine.append(path, request))
    if (outcome.kind !== 'appended') throw new Error(outcome.kind)
    this.#offsets.push(outcome.tail)
    this.content +=
      this.type === 'application/json'
        ? (JSON.parse(body) as string[]).map((m) => `"${m}",\n`).join('')
        : body
  }

  async #close(): Promise<void> {
    await retrying(() => this.nodes[0]!.engine.append(path, appendOf('', { close: true })))
  }

  /** Bytes, in which characters of UTF-8 begin and end anywhere. */
  #awkward(): string {
    return Array.from({ length: 1 + this.pick(12) }, () => 'ab\xe2\x82\xac\xf0\x9f'[this.pick(7)]!).join('')
  }

  async #join(): Promise<void> {
    await this.#rest(this.pick(80))
    const reader = new CollectingReader(this.pick(3) === 0 ? 1 + this.pick(3) : Infinity)
    const follower: Follower = { reader, from: null, hasLeft: false }
    const offset = this.pick(3) === 0 ? this.#offsets[this.pick(this.#offsets.length)] : undefined
    const outcome = await retrying(() =>
      this.nodes[this.pick(2)]!.engine.follow(path, offset === undefined ? null : at(offset), reader),
    )
    if (outcome.kind !== 'following') return
    follower.from = Number(outcome.from.slice(0, 16))
    // Who comes after the stream was replaced follows another one.
    if (outcome.stream.streamId !== this.#first) {
      outcome.live.stop()
      return
    }
    this.followers.push(follower)
    reader.live = outcome.live
    reader.onRest = () => void this.#rest(this.pick(30)).then(() => this.#wakeUp(reader))
    outcome.live.resume()
    await this.#rest(this.pick(40))
    if (this.pick(6) !== 0) return
    follower.hasLeft = true
    outcome.live.stop()
    reader.ends.push('stopped')
  }

  get #first(): string | undefined {
    return this.#disk.log.find(({ change }) => change.record !== null)?.change.record?.streamId
  }

  #wakeUp(reader: CollectingReader): void {
    if (reader.appetite > 0) return
    reader.appetite = 1 + this.pick(4)
    reader.live!.resume()
  }

  /** Waits for some steps of the simulation. */
  async #rest(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++)
      await new Promise<void>((resolve) => this.nodes[0]!.environment.deferred.push(resolve))
  }

  async #finish<T>(work: Promise<T>): Promise<T> {
    const state = { isDone: false }
    const done = (): void => {
      state.isDone = true
    }
    work.then(done, done)
    for (let i = 0; !state.isDone; i++) {
      if (i > 50_000) throw new Error('the simulation does not come to an end')
      if (!(await this.#shuffle.step()))
        for (const { environment } of this.nodes) await environment.advance(1_000)
    }
    return work
  }
}

/** Repeats what did not happen for sure. */
async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if ((error as { code?: string }).code !== 'unavailable') throw error
    }
  }
}

function check(run: Run): void {
  const { content } = run
  for (const { reader, from, hasLeft } of run.followers) {
    expect(reader.complaints).toEqual([])
    expect(
      content.slice(from!).startsWith(reader.text),
      `${JSON.stringify(reader.text)} of ${JSON.stringify(content.slice(from!))}`,
    ).toBe(true)
    if (run.type === 'application/json')
      for (const { pieces } of reader.batches)
        expect(Buffer.concat([...pieces]).toString()).toMatch(/(^|,\n)$/)
    if (hasLeft) continue
    const isWhole = reader.text === content.slice(from!)
    if (run.ending === 'closed')
      expect([isWhole, reader.isClosed, reader.ends]).toEqual([true, true, ['closed']])
    if (run.ending === 'deleted' || run.ending === 'replaced') expect(reader.ends).toEqual(['deleted'])
    if (run.ending !== 'open') continue
    expect(reader.ends).toEqual([])
    // The beginning of a character may be held back.
    const missing = content.length - from! - reader.text.length
    expect(missing).toBeLessThanOrEqual(run.type === 'text/plain' ? 3 : 0)
  }
  for (const { engine } of run.nodes)
    expect(engine.liveReaders).toBe(run.ending === 'open' ? countLeft(run, engine) : 0)
}

function countLeft(run: Run, engine: Node['engine']): number {
  const all = run.nodes.reduce((sum, node) => sum + node.engine.liveReaders, 0)
  const other = run.nodes
    .filter((node) => node.engine !== engine)
    .reduce((sum, node) => sum + node.engine.liveReaders, 0)
  const left = run.followers.filter(({ hasLeft }) => !hasLeft).length
  expect(all).toBe(left)
  return all - other
}

it.each([
  ['a slow', false],
  ['a slow and unreliable', true],
] as const)(
  'live readers over %s store get every byte once, in order, and the end after the last',
  async (_what, faults) => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const run = new Run(seed, faults)
        await run.go()
        check(run)
      }),
      { numRuns: 200 },
    )
  },
  30_000,
)
