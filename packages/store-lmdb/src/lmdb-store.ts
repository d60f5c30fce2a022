import type {
  CommitResult,
  LoadedStream,
  StoreCapabilities,
  StoreHealth,
  StreamChange,
  StreamId,
  StreamPath,
  StreamStore,
  Version,
} from '@ds/core'
import type { Tables } from './tables.js'
import { StoreError, Watchers, settleNumbers } from '@ds/core'
import { UnknownOutcome, transact } from './transact.js'
import { applyChange, putHead } from './stream-changes.js'
import { chunkKey, dueKey, endOf, entryKey, openTables, textKey } from './tables.js'
import { mkdir } from 'node:fs/promises'

/** How many commit ids of unknown outcome are remembered; the engine asks for each again within seconds or never. */
const MAX_UNKNOWN = 100_000

export interface LmdbStoreOptions {
  /** How long a commit may take before it is given up as unknown, in milliseconds. Default 30,000. */
  readonly commitTimeoutMs?: number
}

/** Streams in an LMDB environment, for one process. Commits at once share a transaction and its sync. */
export class LmdbStore implements StreamStore {
  readonly capabilities: StoreCapabilities = { name: 'lmdb', durability: 'power', multiNode: false }
  readonly #tables: Tables
  readonly #timeoutMs: number
  readonly #watchers = new Watchers()
  /** Commits that may still take place; they must not take place again. */
  readonly #unknownIds = new Set<string>()
  /** Why the last commit failed; null when it did not. */
  #failure: Error | null = null
  /** Where the next call of `due` goes on. */
  #dueFrom: Buffer | null = null
  #closing: Promise<void> | null = null

  private constructor(tables: Tables, timeoutMs: number) {
    this.#tables = tables
    this.#timeoutMs = timeoutMs
  }

  /**
   * Opens a directory, or makes it. Rejects with a StoreError when it cannot be used, and with a RangeError for options
   * that cannot be meant.
   */
  static async open(directory: string, options: LmdbStoreOptions = {}): Promise<LmdbStore> {
    const { commitTimeoutMs } = settleNumbers(options, { commitTimeoutMs: 30_000 })
    try {
      await mkdir(directory, { recursive: true })
      return new LmdbStore(await openTables(directory), commitTimeoutMs)
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      throw new StoreError('unavailable', `${directory} cannot be opened`, { cause })
    }
  }

  health(): StoreHealth {
    const problems = this.#failure === null ? [] : [this.#failure.message]
    return { isWritable: problems.length === 0, problems }
  }

  load(path: StreamPath, entryKeys: readonly string[]): LoadedStream | null {
    const { streams, entries } = this.#open
    const head = streams.get(textKey(path))
    if (head === undefined) return null
    const { record, version, commitId, touchedAt } = head
    const found = entryKeys.map((key) => [key, entries.get(entryKey(record.streamId, key))] as const)
    const known = found.filter((entry): entry is [string, string] => entry[1] !== undefined)
    return { record, version, commitId, touchedAt, entries: new Map(known) }
  }

  async commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    if (this.#unknownIds.has(change.commitId)) return { kind: 'conflict' }
    try {
      const apply = (): CommitResult => applyChange(this.#tables, path, expected, change)
      const result = await transact(this.#open.env, this.#timeoutMs, apply)
      this.#failure = null
      if (result.kind === 'committed') this.#watchers.wake(path)
      return result
    } catch (cause) {
      this.#failure = cause as Error
      if (!(cause instanceof UnknownOutcome)) throw cause
      const [oldest] = this.#unknownIds
      if (this.#unknownIds.size >= MAX_UNKNOWN) this.#unknownIds.delete(oldest!)
      this.#unknownIds.add(change.commitId)
      return { kind: 'unknown', cause }
    }
  }

  read(path: StreamPath, streamId: StreamId, from: number, limitBytes: number): readonly Uint8Array[] | null {
    const { streams, chunks } = this.#open
    if (streams.get(textKey(path))?.record.streamId !== streamId) return null
    const range = { start: chunkKey(streamId, from + 1), end: chunkKey(streamId, Infinity) }
    const pieces: Uint8Array[] = []
    let left = limitBytes
    for (const { key, value } of chunks.getRange(range)) {
      const skipped = Math.max(0, from - endOf(key) + value.length)
      pieces.push(value.subarray(skipped, skipped + left))
      left -= pieces.at(-1)!.length
      if (left === 0) break
    }
    return pieces
  }

  watch(path: StreamPath, wake: () => void): () => void {
    return this.#watchers.add(path, wake)
  }

  async touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    await transact(this.#open.env, this.#timeoutMs, () => {
      const head = this.#tables.streams.get(textKey(path))
      if (head?.record.streamId !== streamId || now <= head.touchedAt) return
      putHead(this.#tables, path, head, { ...head, touchedAt: now })
    })
  }

  list(prefix: string, after: string, limit: number): readonly StreamPath[] {
    const { streams } = this.#open
    // Keys are never empty, and no path begins with less than this.
    const [start] = [Buffer.from(prefix || '\x01'), Buffer.from(after)].sort((a, b) => b.compare(a))
    const paths: StreamPath[] = []
    for (const key of streams.getKeys({ start: start! })) {
      const path = key.toString() as StreamPath
      if (paths.length === limit || !path.startsWith(prefix)) break
      if (path !== after) paths.push(path)
    }
    return paths
  }

  /** Goes on where the last call ended, so that none waits for others that stay due. */
  due(now: number, limit: number): readonly StreamPath[] {
    const { due } = this.#open
    const paths = new Set<StreamPath>()
    for (const start of this.#dueFrom === null ? [null] : [this.#dueFrom, null]) {
      const from = start === null ? {} : { start, exclusiveStart: true }
      this.#dueFrom = null
      for (const { key, value } of due.getRange({ ...from, end: dueKey(now) })) {
        paths.add(value as StreamPath)
        this.#dueFrom = key
        if (paths.size === limit) return [...paths]
      }
    }
    return [...paths]
  }

  close(): Promise<void> {
    this.#watchers.clear()
    return (this.#closing ??= this.#tables.env.close())
  }

  get #open(): Tables {
    if (this.#closing !== null) throw new StoreError('unavailable', 'the store is closed')
    return this.#tables
  }
}
