import type { EncodedCommit } from './journal-format.js'
import type { File, FileSystem } from './file-system.js'
import { RECORDS_START, sealRecord } from './journal-format.js'
import { StoreError } from '@ds/core'
import { createJournalFile } from './journal-file.js'
import { asStoreError } from './disk-errors.js'
import { journalName } from './layout.js'

/** Where a journal goes on, as recovery found it. */
export interface JournalPosition {
  readonly number: number
  readonly salt: number
  /** The position after the last record of that file. */
  readonly end: number
  /** The sequence number of the next record. */
  readonly nextSequence: number
}

export interface JournalWriterOptions {
  readonly fileSystem: FileSystem
  /** Whether a record is durable only when the disk has it. */
  readonly syncs: boolean
  /** How far files are filled with zeros in advance: syncs that do not change a file's size are much faster. */
  readonly preallocateBytes: number
  /** Bytes of one write; a single longer record still goes whole. */
  readonly batchBytes: number
  readonly defer: (run: () => void) => void
  readonly now: () => number
  readonly newSalt: () => number
}

/** What became of a record. */
export type Appended = { readonly kind: 'durable' } | { readonly kind: 'unknown'; readonly cause: unknown }

interface Waiting {
  readonly commit: EncodedCommit
  /** Called in the order of the journal, before anything else is written. */
  readonly onDurable: (sequence: number) => void
  readonly resolve: (appended: Appended) => void
  readonly reject: (error: StoreError) => void
}

interface Rotation {
  readonly onRotated: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const LAZY_SYNC_MS = 1_000

/**
 * Writes the journal. Records that arrive while a write and its sync are under way share the next ones, whichever
 * streams they belong to.
 *
 * After a failure nobody can say what the file holds behind its last durable byte, and a sync that failed must not
 * be repeated, since the kernel may have dropped what it could not write. So the file is opened anew and cut back
 * to where it was durable; only then is the failure definite. While that fails, too, nothing can be written, and
 * what was under way is unknown; the next attempt to write begins with another attempt to cut.
 */
export class JournalWriter {
  readonly #options: JournalWriterOptions
  #file: File
  #number: number
  #salt: number
  #nextSequence: number
  /** The position after the last record that counts. */
  #end: number
  /** How far the file reaches, zeros included. */
  #allocated: number
  /** How far a file that is not synced for each record is durable anyway. */
  #syncedTo: number
  #lazySync: Promise<void> | null = null
  #lastLazySync = -Infinity
  #isBroken = false
  #isClosed = false
  #waiting: Waiting[] = []
  #rotation: Rotation | null = null
  #running: Promise<void> | null = null

  constructor(options: JournalWriterOptions, file: File, position: JournalPosition, size: number) {
    this.#options = options
    this.#file = file
    this.#number = position.number
    this.#salt = position.salt
    this.#end = position.end
    this.#syncedTo = position.end
    this.#nextSequence = position.nextSequence
    this.#allocated = Math.max(size, position.end)
  }

  /** The file that is written to. */
  get number(): number {
    return this.#number
  }

  /** Bytes of records in the current file. */
  get fileBytes(): number {
    return this.#end - RECORDS_START
  }

  /** Whether the file could not be cut back after a failure yet. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /**
   * Appends a record; resolves when that is durable, after `onDurable` was called with its sequence number. Rejects
   * with a StoreError when it certainly did not happen.
   */
  append(commit: EncodedCommit, onDurable: (sequence: number) => void): Promise<Appended> {
    if (this.#isClosed) return Promise.reject(new StoreError('unavailable', 'the store is closed'))
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, onDurable, resolve, reject })
      this.#start()
    })
  }

  /** Goes on in a new file. `onRotated` is called when all records of the old one have been told of. */
  rotate(onRotated: () => void): Promise<void> {
    if (this.#isClosed) return Promise.reject(new StoreError('unavailable', 'the store is closed'))
    return new Promise((resolve, reject) => {
      this.#rotation = { onRotated, resolve, reject }
      this.#start()
    })
  }

  /** Resolves when what was under way has ended; everything after it is refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#running
    await this.#lazySync
    await this.#file.close().catch(() => undefined)
  }

  #start(): void {
    this.#running ??= new Promise<void>((resolve) => this.#options.defer(resolve))
      .then(() => this.#run())
      .then(() => {
        this.#running = null
        if (this.#waiting.length > 0 || this.#rotation !== null) this.#start()
      })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0 || this.#rotation !== null) {
      if (this.#isBroken && !(await this.#repair())) {
        this.#refuseAll(new StoreError('unavailable', 'the journal cannot be written'))
        return
      }
      if (this.#rotation !== null) await this.#rotateNow(this.#rotation)
      else await this.#writeBatch(this.#takeBatch())
    }
  }

  #refuseAll(error: StoreError): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#rotation?.reject(error)
    this.#rotation = null
  }

  #takeBatch(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const { commit } of this.#waiting) {
      bytes += commit.bytes.length
      if (count > 0 && bytes > this.#options.batchBytes) break
      count++
    }
    return count === this.#waiting.length ? this.#waiting.splice(0) : this.#waiting.splice(0, count)
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    const bytes = this.#seal(batch)
    try {
      await this.#writeDurably(bytes)
    } catch (cause) {
      await this.#failBatch(batch, cause)
      return
    }
    this.#end += bytes.length
    for (const { onDurable } of batch) onDurable(this.#nextSequence++)
    for (const { resolve } of batch) resolve({ kind: 'durable' })
  }

  #seal(batch: readonly Waiting[]): Uint8Array {
    const durableTo = this.#options.syncs ? this.#end : this.#syncedTo
    let sequence = this.#nextSequence
    for (const { commit } of batch) sealRecord(commit, this.#salt, sequence++, durableTo)
    return batch.length === 1
      ? batch[0]!.commit.bytes
      : Buffer.concat(batch.map(({ commit }) => commit.bytes))
  }

  async #writeDurably(bytes: Uint8Array): Promise<void> {
    const { syncs, preallocateBytes } = this.#options
    await this.#file.write(bytes, this.#end)
    const end = this.#end + bytes.length
    if (!syncs) {
      this.#syncLazily(end)
      return
    }
    if (end > this.#allocated) {
      this.#allocated = end
      try {
        await this.#file.write(new Uint8Array(preallocateBytes), end)
        this.#allocated = end + preallocateBytes
      } catch {
        // Room in advance is only for speed. What was written of it is zeros.
      }
    }
    await this.#file.sync()
  }

  /** Without a sync for each record, one from time to time still bounds what a loss of power can take. */
  #syncLazily(end: number): void {
    const now = this.#options.now()
    if (this.#lazySync !== null || now - this.#lastLazySync < LAZY_SYNC_MS) return
    this.#lastLazySync = now
    const number = this.#number
    this.#lazySync = this.#file
      .sync()
      .then(() => {
        if (number === this.#number) this.#syncedTo = end
      })
      .catch(() => undefined)
      .finally(() => (this.#lazySync = null))
  }

  async #failBatch(batch: readonly Waiting[], cause: unknown): Promise<void> {
    this.#isBroken = true
    if (await this.#repair()) {
      for (const { reject } of batch) reject(asStoreError(cause, 'the journal could not be written'))
    } else {
      for (const { resolve } of batch) resolve({ kind: 'unknown', cause })
    }
  }

  /** Cuts the file back to what is durable, through a handle that knows nothing of the failure. */
  async #repair(): Promise<boolean> {
    const { fileSystem } = this.#options
    try {
      await this.#lazySync
      const file = await fileSystem.open(journalName(this.#number), 'write')
      try {
        await file.truncate(this.#end)
        await file.sync()
      } catch (error) {
        await file.close().catch(() => undefined)
        throw error
      }
      await this.#file.close().catch(() => undefined)
      this.#file = file
      this.#allocated = this.#end
      this.#isBroken = false
      return true
    } catch {
      return false
    }
  }

  async #rotateNow(rotation: Rotation): Promise<void> {
    this.#rotation = null
    const number = this.#number + 1
    const salt = this.#options.newSalt()
    try {
      await this.#lazySync
      if (!this.#options.syncs) await this.#file.sync()
      const header = { number, salt, firstSequence: this.#nextSequence, previousEnd: this.#end }
      const file = await createJournalFile(this.#options.fileSystem, header)
      await this.#file.close().catch(() => undefined)
      this.#file = file
      this.#number = number
      this.#salt = salt
      this.#end = RECORDS_START
      this.#allocated = RECORDS_START
      this.#syncedTo = RECORDS_START
    } catch (error) {
      if (!this.#options.syncs) this.#isBroken = true
      rotation.reject(error)
      return
    }
    rotation.onRotated()
    rotation.resolve()
  }
}
