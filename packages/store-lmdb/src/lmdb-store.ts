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
import { StoreError, Watchers } from '@ds/core'
import { UnknownOutcome, transact } from './transact.js'
import { applyChange, putHead, removeGarbage } from './stream-changes.js'
import { chunkKey, dueKey, endOf, entryKey, openTables, pathKey } from './tables.js'
import { mkdir } from 'node:fs/promises'

/** How many commit ids of unknown outcome are remembered. */
const MAX_UNKNOWN_IDS = 10_000

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
  /** Why the last transaction failed; null when it did not. */
  #failure: Error | null = null
  /** Where the next call of `due` goes on. */
  #dueFrom: Buffer | null = null
  #collecting: Promise<void> | null = null
  #closing: Promise<void> | null = null

  private constructor(tables: Tables, options: LmdbStoreOptions) {
    this.#tables = tables
    this.#timeoutMs = options.commitTimeoutMs ?? 30_000
    this.#collectGarbage()
  }

  /** Opens a directory, or makes it. Rejects with a StoreError when it cannot be used. */
  static async open(directory: string, options: LmdbStoreOptions = {}): Promise<LmdbStore> {
    try {
      await mkdir(directory, { recursive: true })
      return new LmdbStore(await openTables(directory), options)
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      throw new StoreError('unavailable', `${directory} cannot be opened`, { cause })
    }
  }

  health(): StoreHealth {
    return {
      isWritable: this.#failure === null,
      problems: this.#failure === null ? [] : [this.#failure.message],
    }
  }

  load(path: StreamPath, entryKeys: readonly string[]): LoadedStream | null {
    return this.#look(({ streams, entries }) => {
      const head = streams.get(pathKey(path))
      if (head === undefined) return null
      const { record, version, commitId, touchedAt } = head
      const found = entryKeys.map((key) => [key, entries.get(entryKey(record.streamId, key))] as const)
      const known = found.filter((entry): entry is [string, string] => entry[1] !== undefined)
      return { record, version, commitId, touchedAt, entries: new Map(known) }
    })
  }

  async commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    if (this.#unknownIds.has(change.commitId)) return { kind: 'conflict' }
    if (this.#unknownIds.size >= MAX_UNKNOWN_IDS)
      throw new StoreError('unavailable', 'too many unknown outcomes')
    try {
      const result = await this.#transact(() => applyChange(this.#tables, path, expected, change))
      if (result.kind === 'conflict') return result
      this.#watchers.wake(path)
      this.#collectGarbage()
      return result
    } catch (cause) {
      if (!(cause instanceof UnknownOutcome)) throw cause
      this.#unknownIds.add(change.commitId)
      return { kind: 'unknown', cause }
    }
  }

  read(path: StreamPath, streamId: StreamId, from: number, limitBytes: number): readonly Uint8Array[] | null {
    return this.#look(({ streams, chunks }) => {
      if (streams.get(pathKey(path))?.record.streamId !== streamId) return null
      const range = {
        start: chunkKey(streamId, from),
        exclusiveStart: true,
        end: chunkKey(streamId, Infinity),
      }
      const pieces: Uint8Array[] = []
      let left = limitBytes
      for (const { key, value } of chunks.getRange(range)) {
        const skipped = Math.max(0, from - endOf(key) + value.length)
        pieces.push(value.subarray(skipped, skipped + left))
        left -= pieces.at(-1)!.length
        if (left === 0) break
      }
      return pieces
    })
  }

  watch(path: StreamPath, wake: () => void): () => void {
    return this.#watchers.add(path, wake)
  }

  async touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    await this.#transact(() => {
      const head = this.#tables.streams.get(pathKey(path))
      if (head?.record.streamId !== streamId || now <= head.touchedAt) return
      putHead(this.#tables, path, head, { ...head, touchedAt: now })
    })
  }

  list(prefix: string, after: string, limit: number): readonly StreamPath[] {
    return this.#look(({ streams }) => {
      const [start] = [Buffer.from(prefix), Buffer.from(after)].sort((a, b) => b.compare(a))
      const paths: StreamPath[] = []
      for (const key of streams.getKeys(start!.length === 0 ? {} : { start: start! })) {
        const path = key.toString() as StreamPath
        if (paths.length === limit || !path.startsWith(prefix)) break
        if (path !== after) paths.push(path)
      }
      return paths
    })
  }

  /** Goes on where the last call ended, so that none waits for others that stay due. */
  due(now: number, limit: number): readonly StreamPath[] {
    return this.#look(({ due }) => {
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
    })
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#watchers.clear()
    await this.#collecting
    await this.#tables.env.close()
  }

  /** Removes what gone incarnations have left, a part at a time; what fails is tried again after the next commit. */
  #collectGarbage(): void {
    const collect = async (): Promise<void> => {
      while (this.#closing === null && this.#tables.garbage.getKeysCount({ limit: 1 }) > 0)
        await this.#transact(() => removeGarbage(this.#tables))
    }
    const finish = (): void => {
      this.#collecting = null
    }
    this.#collecting ??= collect().then(finish, finish)
  }

  async #transact<T>(run: () => T): Promise<T> {
    this.#refuseWhenClosed()
    try {
      const result = await transact(this.#tables.env, this.#timeoutMs, run)
      this.#failure = null
      return result
    } catch (error) {
      throw (this.#failure = error as Error)
    }
  }

  #look<T>(look: (tables: Tables) => T): T {
    this.#refuseWhenClosed()
    try {
      return look(this.#tables)
    } catch (cause) {
      throw new StoreError('corrupt', 'the directory cannot be read', { cause })
    }
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== null) throw new StoreError('unavailable', 'the store is closed')
  }
}
