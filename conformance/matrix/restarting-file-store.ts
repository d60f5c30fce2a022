import type {
  CommitResult,
  LoadedStream,
  MaybePromise,
  StoreCapabilities,
  StreamChange,
  StreamId,
  StreamPath,
  StreamStore,
  Version,
} from '@ds/core'
import { FileStore } from '@ds/store-file'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { tmpdir } from 'node:os'

const RESTART_CHANCE = 0.1
const OPTIONS = { preallocateBytes: 4096 }
/** Opening counts as a use of every stream; so there is none for a while after a stream with a window was written. */
const WINDOW_REST_MS = 5_000
/** Where syncs cost nothing, if there is such a place: cases are about time, too. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * A file store that is opened anew again and again between a write and what is asked for after it, at moments at
 * which nothing is under way: half of the time after it was closed, and half of the time as a killed process leaves
 * it. Whoever uses it must not notice.
 */
export class RestartingFileStore implements StreamStore {
  readonly capabilities: StoreCapabilities
  readonly #folder: string
  #store: FileStore
  #directory: string
  #restarts = 0
  #underWay = 0
  #hasWritten = false
  #restUntil = 0
  #restarting: Promise<void> | null = null
  readonly #abandoned: Promise<void>[] = []
  readonly #watches = new Set<{ readonly path: StreamPath; readonly wake: () => void; end: () => void }>()

  private constructor(folder: string, directory: string, store: FileStore) {
    this.#folder = folder
    this.#directory = directory
    this.#store = store
    this.capabilities = store.capabilities
  }

  static async open(): Promise<RestartingFileStore> {
    const folder = mkdtempSync(join(PARENT, 'ds-restarting-'))
    const directory = join(folder, '0')
    return new RestartingFileStore(folder, directory, await FileStore.open(directory, OPTIONS))
  }

  load(path: StreamPath, entryKeys: readonly string[]): Promise<LoadedStream | null> {
    return this.#use((store) => store.load(path, entryKeys))
  }

  async commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    const result = await this.#use((store) => store.commit(path, expected, change))
    this.#hasWritten = true
    if (change.record?.expiry.kind === 'ttl') this.#restUntil = Date.now() + WINDOW_REST_MS
    return result
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): Promise<readonly Uint8Array[] | null> {
    return this.#use((store) => store.read(path, streamId, from, limitBytes))
  }

  watch(path: StreamPath, wake: () => void): () => void {
    const watch = { path, wake, end: this.#store.watch(path, wake) }
    this.#watches.add(watch)
    return () => {
      this.#watches.delete(watch)
      watch.end()
    }
  }

  touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    return this.#use((store) => store.touch(path, streamId, now))
  }

  list(prefix: string, after: string, limit: number): Promise<readonly StreamPath[]> {
    return this.#use((store) => store.list(prefix, after, limit))
  }

  due(now: number, limit: number): Promise<readonly StreamPath[]> {
    return this.#use((store) => store.due(now, limit))
  }

  /** Closes the store and removes everything that it has left behind. */
  async close(): Promise<void> {
    await this.#restarting
    await Promise.all([...this.#abandoned, this.#store.close()])
    rmSync(this.#folder, { recursive: true })
  }

  async #use<T>(work: (store: FileStore) => MaybePromise<T>): Promise<T> {
    while (this.#restarting !== null) await this.#restarting
    const isDue = this.#hasWritten && this.#underWay === 0 && Date.now() > this.#restUntil
    if (isDue && Math.random() < RESTART_CHANCE) {
      this.#restarting = this.#restart().finally(() => (this.#restarting = null))
      await this.#restarting
    }
    this.#underWay++
    try {
      return await work(this.#store)
    } finally {
      this.#underWay--
    }
  }

  async #restart(): Promise<void> {
    this.#hasWritten = false
    if (++this.#restarts % 2 === 0) await this.#store.close()
    else this.#kill()
    this.#store = await FileStore.open(this.#directory, OPTIONS)
    for (const watch of this.#watches) {
      watch.end = this.#store.watch(watch.path, watch.wake)
      // Nothing can have happened meanwhile, but a watch that begins later has to say so.
      watch.wake()
    }
  }

  /** Goes on with what a process that was killed now would leave behind. */
  #kill(): void {
    const copy = join(this.#folder, String(this.#restarts))
    mkdirSync(copy)
    cpSync(this.#directory, copy, {
      recursive: true,
      filter: (name) => !basename(name).startsWith('LOCK.'),
    })
    this.#directory = copy
    this.#abandoned.push(this.#store.close())
  }
}
