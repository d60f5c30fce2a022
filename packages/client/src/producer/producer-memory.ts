import type { IdempotentProducerOptions, ProducerState } from './producer-options.js'
import type { StoredValue } from '../read/offset-storage.js'
import { storedValue } from '../read/offset-storage.js'
import { streamError } from '../errors/durable-stream-error.js'

/** Where a producer begins. */
export interface ProducerStart {
  readonly epoch: number
  readonly nextSeq: number
  /** Whether no producer before can have used these numbers. */
  readonly isFresh: boolean
}

/**
 * What is known of a producer from before. An epoch is written down before its first batch is sent, as unclean; only
 * when all is confirmed as clean. So whoever comes after a crash begins a new epoch. @see PROTOCOL §5.2.1 (restart)
 */
export class ProducerMemory {
  readonly initial: ProducerStart
  readonly #stored: StoredValue | null

  constructor(options: IdempotentProducerOptions, defaultKey: string) {
    this.initial = startAfter(options.state ?? null, options.epoch ?? 0)
    this.#stored =
      options.storage === undefined ? null : storedValue(options.storage, options.storageKey ?? defaultKey)
  }

  get isPersistent(): boolean {
    return this.#stored !== null
  }

  /** Where to begin after what is stored, which is written down at once. */
  async resume(): Promise<ProducerStart> {
    const text = await this.#stored!.load()
    const start = text === null ? this.initial : startAfter(parseState(text), this.initial.epoch)
    await this.#save({ epoch: start.epoch, nextSeq: start.nextSeq, clean: false })
    return start
  }

  async begin(epoch: number): Promise<void> {
    await this.#save({ epoch, nextSeq: 0, clean: false })
  }

  async leave(epoch: number, nextSeq: number): Promise<void> {
    await this.#save({ epoch, nextSeq, clean: true })
  }

  async #save(state: ProducerState): Promise<void> {
    await this.#stored?.save(JSON.stringify(state))
  }
}

function startAfter(state: ProducerState | null, leastEpoch: number): ProducerStart {
  if (state === null) return { epoch: leastEpoch, nextSeq: 0, isFresh: false }
  const epoch = state.clean ? state.epoch : state.epoch + 1
  return epoch >= leastEpoch
    ? { epoch, nextSeq: state.clean ? state.nextSeq : 0, isFresh: true }
    : { epoch: leastEpoch, nextSeq: 0, isFresh: true }
}

function parseState(text: string): ProducerState {
  try {
    const { epoch, nextSeq, clean } = JSON.parse(text) as Partial<Record<keyof ProducerState, unknown>>
    if (isCount(epoch) && isCount(nextSeq) && typeof clean === 'boolean') return { epoch, nextSeq, clean }
  } catch {
    // Falls through: it is none, whatever it is.
  }
  throw streamError('STORAGE_FAILED', 'what is stored is no state of a producer')
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
