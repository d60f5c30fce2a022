import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StreamChange,
  StreamId,
  StreamRecord,
  StreamStore,
  Version,
} from '@ds/core'
import type { StoreBinding } from './store-binding.js'
import type { StoreCaseSettings } from './run-store-cases.js'
import { bytesOf, changeOf, pathOf, recordOf, streamIdOf, textOf } from './records.js'
import { WatchProbe } from './watch-probe.js'
import { check, equal, fail } from '../server/assertions.js'

/** What a step adds to a stream, and what it makes of its record. */
export interface StreamStep extends Partial<Omit<StreamChange, 'record' | 'bytes' | 'entries'>> {
  /** One character for each byte. */
  readonly text?: string
  readonly entries?: Readonly<Record<string, string | null>>
  readonly record?: Partial<StreamRecord>
}

let streams = 0

/** What a case works with: a store of its own, and the steps that most cases are made of. */
export class StoreContext {
  readonly binding: StoreBinding
  readonly settings: StoreCaseSettings
  readonly #setup: () => MaybePromise<StoreBinding>
  #store: StreamStore
  readonly #others: StreamStore[] = []
  #isClosed = false

  constructor(binding: StoreBinding, settings: StoreCaseSettings, setup: () => MaybePromise<StoreBinding>) {
    this.binding = binding
    this.settings = settings
    this.#setup = setup
    this.#store = binding.store
  }

  /** The store under test; another object after {@link reopen}. */
  get store(): StreamStore {
    return this.#store
  }

  newStreamId(): StreamId {
    return streamIdOf(++streams)
  }

  /** The stream with some of its entries; null when there is none. */
  async find(path: string, keys: readonly string[] = []): Promise<LoadedStream | null> {
    return this.store.load(pathOf(path), keys)
  }

  /** The stream with some of its entries; fails when there is none. */
  async load(path: string, keys: readonly string[] = []): Promise<LoadedStream> {
    const loaded = await this.find(path, keys)
    return loaded ?? fail(`load finds no stream at ${JSON.stringify(path)}`)
  }

  /** Commits as a healthy store should be able to: with an outcome that is known. */
  async tryCommit(
    path: string,
    expected: Version | null,
    change: StreamChange,
  ): Promise<Exclude<CommitResult, { kind: 'unknown' }>> {
    const result = await this.store.commit(pathOf(path), expected, change)
    if (result.kind !== 'unknown') return result
    throw new Error(`a commit to ${JSON.stringify(path)} has an unknown outcome`, { cause: result.cause })
  }

  /** Commits, and fails when there is a conflict. */
  async commit(path: string, expected: Version | null, change: StreamChange): Promise<Version> {
    const result = await this.tryCommit(path, expected, change)
    if (result.kind === 'committed') return result.version
    return fail(`a commit to ${JSON.stringify(path)} on version ${String(expected)} conflicts`)
  }

  async expectConflict(path: string, expected: Version | null, change: StreamChange): Promise<void> {
    const { kind } = await this.tryCommit(path, expected, change)
    equal(kind, 'conflict', `the answer to a commit on version ${String(expected)}`)
  }

  /** Makes a stream where there is none. */
  create(path: string, { text = '', record, ...step }: StreamStep = {}): Promise<Version> {
    const base = record?.base ?? 0
    const made = recordOf({ streamId: this.newStreamId(), tail: base + text.length, ...record })
    return this.commit(path, null, toChange(made, text, { touchedAt: made.createdAt, ...step }))
  }

  /** Adds to the stream that is there, or changes its record. */
  async update(path: string, { text = '', record, ...step }: StreamStep = {}): Promise<Version> {
    const { record: before, version } = await this.load(path)
    const after = { ...before, tail: before.tail + text.length, ...record }
    return this.commit(path, version, toChange(after, text, step))
  }

  async remove(path: string): Promise<void> {
    await this.commit(path, (await this.load(path)).version, changeOf(null))
  }

  /** One page as text, at least a byte and at most `limitBytes`; null when the incarnation is gone. */
  async readPage(path: string, streamId: StreamId, from: number, limitBytes: number): Promise<string | null> {
    const pieces = await this.store.read(pathOf(path), streamId, from, limitBytes)
    if (pieces === null) return null
    const text = textOf(pieces)
    check(text.length > 0, `read at ${from} gives no bytes`)
    check(text.length <= limitBytes, `read gives ${text.length} bytes, and ${limitBytes} were asked for`)
    return text
  }

  /** All bytes of the stream, page by page. */
  async readAll(path: string, limitBytes = 65_536): Promise<string> {
    const { streamId, base, tail } = (await this.load(path)).record
    const pages: string[] = []
    for (let at = base; at < tail; at += pages.at(-1)!.length) {
      const page = await this.readPage(path, streamId, at, Math.min(limitBytes, tail - at))
      pages.push(page ?? fail(`read at ${at} does not find the incarnation that load shows`))
    }
    return pages.join('')
  }

  async list(prefix = '', after: string | undefined = '', limit = 10_000): Promise<readonly string[]> {
    const paths = await this.store.list(prefix, after, limit)
    check(paths.length <= limit, `list gives ${paths.length} paths, and ${limit} were asked for`)
    return paths
  }

  async due(now: number, limit = 1000): Promise<readonly string[]> {
    const paths = await this.store.due(now, limit)
    check(paths.length <= limit, `due gives ${paths.length} paths, and ${limit} were asked for`)
    return paths
  }

  watch(path: string, onWake?: () => void): WatchProbe {
    return new WatchProbe(this.store, pathOf(path), this.settings.wakeTimeoutMs, onWake)
  }

  /** Closes the store and opens its data again. */
  async reopen(): Promise<void> {
    await this.close()
    this.#store = await this.binding.reopen!()
    this.#isClosed = false
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.store.close()
  }

  /** Takes care that a further store is closed in the end. */
  keep(store: StreamStore): StreamStore {
    this.#others.push(store)
    return store
  }

  /** Carries something out on another empty store. */
  async onAnother<T>(work: (ctx: StoreContext) => Promise<T>): Promise<T> {
    const other = new StoreContext(await this.#setup(), this.settings, this.#setup)
    try {
      return await work(other)
    } finally {
      await other.dispose()
    }
  }

  /** Closes and removes everything. */
  async dispose(): Promise<void> {
    try {
      for (const store of this.#others) await store.close()
      await this.close()
    } finally {
      await this.binding.teardown?.()
    }
  }
}

function toChange(
  record: StreamRecord,
  text: string,
  step: Omit<StreamStep, 'text' | 'record'>,
): StreamChange {
  const { entries = {}, ...rest } = step
  return changeOf(record, {
    bytes: text === '' ? [] : [bytesOf(text)],
    entries: new Map(Object.entries(entries)),
    ...rest,
  })
}
