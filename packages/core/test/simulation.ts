import type { StreamEngineOptions } from '../src/streams/stream-engine.js'
import type { TestDisk } from './test-disk.js'
import { FakeEnvironment, flushPromises } from './fake-environment.js'
import { ImmediateStore } from './immediate-store.js'
import { StreamEngine } from '../src/streams/stream-engine.js'
import { TestStore } from './test-store.js'

/** One engine with its clock and its store. */
export interface Node {
  readonly engine: StreamEngine
  readonly environment: FakeEnvironment
  readonly store: TestStore
  readonly faults: Error[]
}

export interface NodeOptions extends Pick<StreamEngineOptions, 'limits'> {
  /** Whether the engine has an {@link ImmediateStore} over the disk of `store` instead of `store` itself. */
  readonly isImmediate?: boolean
  readonly disk?: TestDisk
  readonly name?: string
  readonly time?: number
}

/** Starts an engine; it answers at once unless a test changes the pace of its store. */
export function startNode(options: NodeOptions = {}): Node {
  const environment = new FakeEnvironment(options.name, options.time)
  const store = new TestStore(options.disk)
  const faults: Error[] = []
  const engine = new StreamEngine({
    store: options.isImmediate === true ? new ImmediateStore(store.disk) : store,
    environment,
    limits: options.limits ?? {},
    onBackgroundFault: (fault) => faults.push(fault),
  })
  engine.start()
  return { engine, environment, store, faults }
}

/** Lets time pass until a promise has settled. */
export async function finish<T>({ environment }: Node, promise: Promise<T>): Promise<T> {
  const state = { isDone: false }
  const done = (): void => {
    state.isDone = true
  }
  promise.then(done, done)
  await environment.settle()
  for (let waited = 0; !state.isDone; waited++) {
    if (waited === 600) throw new Error('nothing came of it within a minute')
    await environment.advance(100)
  }
  return promise
}

/** Ends an engine as a crash does: nothing that it began goes on. */
export function crash(node: Node): void {
  node.store.die()
  node.environment.kill()
}

/**
 * A store's pace under which nothing happens by itself: steps gather, and `run` takes them in an order that a list
 * of choices decides, with everything that engines deferred among them.
 */
export class Shuffle {
  readonly #steps: { readonly what: string; readonly run: () => void }[] = []
  readonly #nodes: readonly Node[]
  #pick: (count: number) => number

  /** @param pick chooses one of `count` steps */
  constructor(nodes: readonly Node[], pick: (count: number) => number) {
    this.#nodes = nodes
    this.#pick = pick
    for (const { environment, store } of nodes) {
      environment.isManual = true
      store.pace = (what, run) => this.#steps.push({ what, run })
    }
  }

  /** Takes one step; false when there is none to take. */
  async step(): Promise<boolean> {
    await flushPromises()
    for (const { environment } of this.#nodes) {
      for (const run of environment.deferred.splice(0)) this.#steps.push({ what: 'deferred', run })
    }
    if (this.#steps.length === 0) return false
    const [step] = this.#steps.splice(this.#pick(this.#steps.length), 1)
    step!.run()
    return true
  }

  /** Takes steps until nothing is left to do. */
  async run(maxSteps = 100_000): Promise<void> {
    for (let i = 0; i < maxSteps; i++) if (!(await this.step())) return
    throw new Error('the simulation does not come to rest')
  }
}

/** A reproducible source of choices (mulberry32). */
export function choices(seed: number): (count: number) => number {
  let state = seed >>> 0
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * count) | 0
  }
}
