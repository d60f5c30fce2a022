import type { File, FileSystem } from './file-system.js'
import type { JournalCommit } from './journal-batch.js'
import { BatchEncoder, sizeOf } from './journal-batch.js'
import { JournalRoom } from './journal-room.js'
import { RECORDS_START } from './journal-format.js'
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
  /** How far files are filled with zeros in advance. */
  readonly preallocateBytes: number
  /** Bytes of one write; a single longer record still goes whole. */
  readonly batchBytes: number
  readonly now: () => number
  readonly newSalt: () => number
}

/** What became of a record. */
export type Appended = { readonly kind: 'durable' } | { readonly kind: 'unknown'; readonly cause: unknown }

/** A commit, and who waits for it. One of `onOutcome` and `onRefused` is called, once. */
export interface Appending extends JournalCommit {
  /** Called when it is durable, in the order of the journal, before anything else is written. */
  onDurable(sequence: number): void
  /** Called after `onDurable`, or when nobody can say what happened. */
  onOutcome(appended: Appended): void
  /** Called when it certainly did not happen. */
  onRefused(error: StoreError): void
}

interface Rotation {
  readonly onRotated: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const LAZY_SYNC_MS = 1_000
const DURABLE: Appended = { kind: 'durable' }

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
  readonly #room: JournalRoom
  readonly #encoder: BatchEncoder = new BatchEncoder()
  /** How far a file that is not synced for each record is durable anyway. */
  #syncedTo: number
  #lazySync: Promise<void> | null = null
  #lastLazySync = -Infinity
  #isBroken = false
  #isClosed = false
  #waiting: Appending[] = []
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
    this.#room = new JournalRoom(options.fileSystem, options.syncs ? options.preallocateBytes : 0)
    this.#room.reset(journalName(position.number), Math.max(size, position.end))
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

  /** Appends a commit. */
  append(appending: Appending): void {
    if (this.#isClosed) {
      appending.onRefused(new StoreError('unavailable', 'the store is closed'))
      return
    }
    this.#waiting.push(appending)
    this.#start()
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
    await this.#room.settled()
    await this.#file.close().catch(() => undefined)
  }

  /** Whatever is appended before this turn gives way to what was waiting is in the first batch. */
  #start(): void {
    this.#running ??= Promise.resolve()
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
    for (const appending of this.#waiting.splice(0)) appending.onRefused(error)
    this.#rotation?.reject(error)
    this.#rotation = null
  }

  #takeBatch(): Appending[] {
    let bytes = 0
    let count = 0
    for (const appending of this.#waiting) {
      bytes += sizeOf(appending)
      if (count > 0 && bytes > this.#options.batchBytes) break
      count++
    }
    const batch = this.#waiting
    this.#waiting = batch.splice(count)
    return batch
  }

  async #writeBatch(batch: readonly Appending[]): Promise<void> {
    const durableTo = this.#options.syncs ? this.#end : this.#syncedTo
    const place = { salt: this.#salt, sequence: this.#nextSequence, durableTo }
    const bytes = this.#encoder.encode(batch, place)
    try {
      await this.#writeDurably(bytes)
    } catch (cause) {
      await this.#failBatch(batch, cause)
      return
    }
    this.#end += bytes.length
    for (const appending of batch) appending.onDurable(this.#nextSequence++)
    for (const appending of batch) appending.onOutcome(DURABLE)
  }

  async #writeDurably(bytes: Uint8Array): Promise<void> {
    const end = this.#end + bytes.length
    const growing = this.#room.freeUpTo(end)
    if (growing !== null) await growing
    await this.#file.write(bytes, this.#end)
    if (!this.#options.syncs) {
      this.#syncLazily(end)
      return
    }
    if (this.#file.isThrough) {
      this.#room.growInBackground(end)
      return
    }
    await this.#room.growBeforeSync(this.#file, end)
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

  async #failBatch(batch: readonly Appending[], cause: unknown): Promise<void> {
    this.#isBroken = true
    if (await this.#repair()) {
      const error = asStoreError(cause, 'the journal could not be written')
      for (const appending of batch) appending.onRefused(error)
    } else {
      for (const appending of batch) appending.onOutcome({ kind: 'unknown', cause })
    }
  }

  /** Cuts the file back to what is durable, through a handle that knows nothing of the failure. */
  async #repair(): Promise<boolean> {
    const { fileSystem, syncs } = this.#options
    const name = journalName(this.#number)
    try {
      await this.#lazySync
      await this.#room.settled()
      const file = await fileSystem.open(name, 'write', syncs)
      try {
        await file.truncate(this.#end)
        await file.sync()
      } catch (error) {
        await file.close().catch(() => undefined)
        throw error
      }
      await this.#file.close().catch(() => undefined)
      this.#file = file
      this.#room.reset(name, this.#end)
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
      await this.#room.settled()
      if (!this.#options.syncs) await this.#file.sync()
      const header = { number, salt, firstSequence: this.#nextSequence, previousEnd: this.#end }
      const file = await createJournalFile(this.#options.fileSystem, header, this.#options.syncs)
      await this.#file.close().catch(() => undefined)
      this.#file = file
      this.#number = number
      this.#salt = salt
      this.#end = RECORDS_START
      this.#room.reset(journalName(number), RECORDS_START)
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
