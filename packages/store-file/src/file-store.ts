import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StoreCapabilities,
  StoreHealth,
  StreamChange,
  StreamId,
  StreamPath,
  StreamStore,
  Version,
} from '@ds/core'
import type { Damage } from './manifest.js'
import type { FileStoreOptions } from './options.js'
import type { FileSystem } from './file-system.js'
import type { OpenParts, Runtime } from './open-store.js'
import { Committer } from './committer.js'
import { NodeFileSystem } from './node-file-system.js'
import { StoreError, Watchers, isPromise } from '@ds/core'
import { asRefusal } from './disk-errors.js'
import { mkdir } from 'node:fs/promises'
import { nodeRuntime, openParts } from './open-store.js'
import { settle } from './options.js'

/** What an operator wants to know of a store. */
export interface FileStoreHealth extends StoreHealth {
  /** False while the journal cannot be written; reads go on. */
  readonly isWritable: boolean
  /** What was lost; the streams named can only be read. Empty when all is well. */
  readonly damage: readonly Damage[]
  /** Why the last checkpoint failed; null when it did not. */
  readonly checkpointFailure: unknown
}

/**
 * Streams in a directory of this machine, for one process. Commits go into a journal that all streams share, and
 * are answered when they are durable; checkpoints bring them into tables and segments.
 */
export class FileStore implements StreamStore {
  readonly capabilities: StoreCapabilities
  readonly #parts: OpenParts
  readonly #quarantined: ReadonlySet<string>
  readonly #watchers = new Watchers()
  readonly #committer: Committer
  #closing: Promise<void> | null = null

  private constructor(parts: OpenParts) {
    this.#parts = parts
    this.#quarantined = new Set(parts.damage.flatMap(({ path }) => (path === null ? [] : [path])))
    this.#committer = new Committer(parts, this.#quarantined, (path) => this.#watchers.wake(path))
    const durability = parts.syncs ? 'power' : 'process'
    this.capabilities = { name: 'file', durability, multiNode: false }
  }

  /**
   * Opens a data directory, and makes one where there is none. Rejects with a StoreError: `unavailable` when another
   * process has it, `corrupt` when it is not one of this store, or of a newer version, or damaged as a whole. With a
   * RangeError for options that cannot be meant.
   */
  static async open(directory: string, options: FileStoreOptions = {}): Promise<FileStore> {
    const settings = settle(options)
    await mkdir(directory, { recursive: true })
    return FileStore.openOn(new NodeFileSystem(directory), nodeRuntime, settings).catch((cause: unknown) => {
      if (!(cause instanceof StoreError) || cause.code !== 'corrupt') throw cause
      throw new StoreError('corrupt', `${cause.message}; ds-verify-store ${directory} tells more`, { cause })
    })
  }

  /** The same on another file system, with a clock and randomness from outside; for simulations. */
  static async openOn(
    fileSystem: FileSystem,
    runtime: Runtime,
    options: FileStoreOptions = {},
  ): Promise<FileStore> {
    const settings = settle(options)
    const store = new FileStore(await openParts(fileSystem, runtime, settings))
    for (const problem of store.health().problems) settings.onFault(new StoreError('corrupt', problem))
    return store
  }

  /** What was lost before this store was opened, and is reported until the directory is replaced. */
  get damage(): readonly Damage[] {
    return this.#parts.damage
  }

  health(): FileStoreHealth {
    const { journal, maintenance, damage, repaired } = this.#parts
    const lost = damage.map(({ path, what }) => `${path ?? 'unknown stream'}: ${what}`)
    const problems = [...lost, ...repaired]
    if (journal.isBroken) problems.push('the journal cannot be written')
    if (maintenance.failure !== null) problems.push('the last checkpoint failed')
    return { isWritable: !journal.isBroken, problems, damage, checkpointFailure: maintenance.failure }
  }

  load(path: StreamPath, entryKeys: readonly string[]): MaybePromise<LoadedStream | null> {
    this.#refuseWhenClosed()
    const loaded = this.#looking(this.#parts.index.load(path, entryKeys))
    return this.#quarantined.has(path) ? this.#loadQuarantined(path, loaded) : loaded
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): PromiseLike<CommitResult> {
    return this.#committer.commit(path, expected, change)
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): MaybePromise<readonly Uint8Array[] | null> {
    this.#refuseWhenClosed()
    return this.#looking(this.#parts.index.read(path, streamId, from, limitBytes))
  }

  watch(path: StreamPath, wake: () => void): () => void {
    return this.#watchers.add(path, wake)
  }

  touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.touch(path, streamId, now))
  }

  list(prefix: string, after: string, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.list(prefix, after, limit))
  }

  due(now: number, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#bounded(this.#parts.index.due(now, limit))
  }

  /**
   * Waits for what is under way, makes a last checkpoint so that the next start is quick, and lets go. Rejects with a
   * StoreError `unavailable` when that takes longer than a call may: then the directory stays locked until it is done
   * or this process ends, because the disk may still carry out what it was told.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#parts.deadline.boundLook(this.#close()))
  }

  async #close(): Promise<void> {
    const { journal, maintenance, index, segments, unlock } = this.#parts
    this.#watchers.clear()
    await this.#committer.close()
    await maintenance.finish()
    await journal.close()
    await index.tables.close()
    index.memory.clear()
    await segments.close()
    await unlock()
  }

  /** A stream whose first commit was lost must not seem never to have been. */
  async #loadQuarantined(path: StreamPath, found: MaybePromise<LoadedStream | null>): Promise<LoadedStream> {
    const loaded = await found
    if (loaded === null)
      throw new StoreError('corrupt', `${path} has lost commits, and nothing is left of it`)
    return loaded
  }

  #looking<T>(found: MaybePromise<T>): MaybePromise<T> {
    return isPromise(found) ? this.#bounded(found) : found
  }

  /** Failures become those that the contract knows, and nothing takes for ever. */
  #bounded<T>(work: PromiseLike<T>): Promise<T> {
    return this.#parts.deadline.boundLook(work.then(undefined, rethrow))
  }

  #refuseWhenClosed(): void {
    if (this.#closing !== null) throw new StoreError('unavailable', 'the store is closed')
  }
}

function rethrow(cause: unknown): never {
  throw asRefusal(cause)
}
