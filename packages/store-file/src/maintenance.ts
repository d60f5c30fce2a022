import type { Checkpointer } from './checkpointer.js'
import type { Damage } from './manifest.js'
import type { JournalWriter } from './journal-writer.js'
import type { StreamMemory } from './stream-memory.js'
import { asStoreError } from './disk-errors.js'

export interface MaintenanceOptions {
  /** How much may be in the journal before it is brought into the tables, in bytes. */
  readonly checkpointBytes: number
  /** How many bytes of streams may be in memory before that. */
  readonly unstoredBytes: number
  /** How many streams may have changed before that. */
  readonly checkpointStreams: number
  readonly now: () => number
  readonly onFault: (error: unknown) => void
}

/** How many times the bounds of a checkpoint memory may hold before commits have to wait. */
const MAX_LAG = 4
const RETRY_MS = 1_000

/** Decides when checkpoints are made, one after the other, in the background. */
export class Maintenance {
  readonly #journal: JournalWriter
  readonly #memory: StreamMemory
  readonly #checkpointer: Checkpointer
  readonly #damage: readonly Damage[]
  readonly #options: MaintenanceOptions
  #running: Promise<void> | null = null
  #failure: unknown = null
  #retryAt = -Infinity
  /** The first journal file that is not in the sealed layer. */
  #sealedTo = 0

  constructor(
    journal: JournalWriter,
    memory: StreamMemory,
    checkpointer: Checkpointer,
    damage: readonly Damage[],
    options: MaintenanceOptions,
  ) {
    this.#journal = journal
    this.#memory = memory
    this.#checkpointer = checkpointer
    this.#damage = damage
    this.#options = options
  }

  /** Why the last attempt failed; null when it did not. */
  get failure(): unknown {
    return this.#failure
  }

  /**
   * Called before every commit: begins a checkpoint when it is time. A promise means that the commit has to wait
   * for it, so that memory stays bounded; it rejects with a StoreError if that cannot be had now.
   */
  makeRoom(): Promise<void> | undefined {
    if (!this.#isOver(1)) return undefined
    if (this.#running === null && this.#options.now() >= this.#retryAt) this.#start()
    return this.#isOver(MAX_LAG) ? this.#waitForRoom() : undefined
  }

  /** Makes a checkpoint now, as far as one is needed, and none after it. */
  async finish(): Promise<void> {
    await this.#running
    if (this.#memory.active.size === 0 && this.#memory.sealed === null) return
    this.#start()
    await this.#running
  }

  #isOver(factor: number): boolean {
    const { checkpointBytes, unstoredBytes, checkpointStreams } = this.#options
    const { active } = this.#memory
    return (
      active.bytes > unstoredBytes * factor ||
      active.size > checkpointStreams * factor ||
      this.#journal.fileBytes > checkpointBytes * factor
    )
  }

  async #waitForRoom(): Promise<void> {
    await this.#running
    if (this.#failure !== null) throw asStoreError(this.#failure, 'the last checkpoint failed')
  }

  #start(): void {
    this.#running = this.#run()
      .then(() => {
        this.#failure = null
      })
      .catch((error: unknown) => {
        this.#failure = error
        this.#retryAt = this.#options.now() + RETRY_MS
        this.#options.onFault(error)
      })
      .finally(() => {
        this.#running = null
      })
  }

  async #run(): Promise<void> {
    do {
      // What an earlier attempt could not store comes first, then what has changed since.
      if (this.#memory.sealed !== null) await this.#storeSealed()
      await this.#journal.rotate(() => {
        this.#memory.seal()
        this.#sealedTo = this.#journal.number
      })
      await this.#storeSealed()
    } while (this.#isOver(1))
    while (await this.#checkpointer.joinTables());
    await this.#checkpointer.moveSegments()
  }

  #storeSealed(): Promise<void> {
    return this.#checkpointer.storeSealed(this.#sealedTo, this.#damage)
  }
}
