import { createHash } from 'node:crypto'
import type { AppendProgress } from './append-state.js'
import type { BatchWriter } from './batch-writer.js'
import type { PieceQueue } from './piece-queue.js'
import type { Piece } from '../input/pieces.js'
import { CliError } from '../failures.js'

/** What a run has done so far. */
export interface AppendTotals {
  /** Messages (JSON) or bytes appended by this run. */
  readonly messages: number
  readonly bytes: number
  /** Bytes at the beginning of the input that earlier runs had brought. */
  readonly skippedBytes: number
  readonly batches: number
}

export interface AppendRunOptions {
  readonly queue: PieceQueue
  readonly isCuttable: boolean
  /** Called for the first batch, which tells whether it is the last one, too. */
  readonly openWriter: (isOnly: boolean) => BatchWriter
  /** Told after each batch how far in the input everything is appended. */
  readonly onProgress: (end: number) => void
}

/** What the client puts into one request by itself. */
const MAX_PLAIN_BYTES = 1_048_576

/** Where a run with a state file begins, and how it is kept. */
export interface KeptProgress {
  readonly initial: AppendProgress
  readonly save: (progress: AppendProgress) => Promise<void>
}

/** Appends an input batch by batch, each confirmed before the next one is sent. */
export class AppendRun {
  readonly #options: AppendRunOptions
  readonly #digest = createHash('sha256')
  #writer: BatchWriter | null = null
  #messages = 0
  #bytes = 0
  #skippedBytes = 0
  #batches = 0

  constructor(options: AppendRunOptions) {
    this.#options = options
  }

  get totals(): AppendTotals {
    return {
      messages: this.#messages,
      bytes: this.#bytes,
      skippedBytes: this.#skippedBytes,
      batches: this.#batches,
    }
  }

  /** Appends everything, once, unless this process dies. */
  async run(): Promise<void> {
    const { queue } = this.#options
    for (let batch = await queue.takeBatch(); batch !== null; batch = await queue.takeBatch()) {
      await this.#write(batch)
    }
  }

  /** Appends what no earlier run has, and writes down each batch before it is sent. */
  async runKept({ initial, save }: KeptProgress): Promise<void> {
    const { queue } = this.#options
    let { nextSeq } = initial
    let confirmedEnd = await this.#resume(initial)
    if (initial.pendingEnd !== null) nextSeq++
    for (let batch = await queue.takeBatch(); batch !== null; batch = await queue.takeBatch()) {
      const pendingEnd = batch.at(-1)!.end
      const digest = this.#digestWith(batch)
      await save({ ...initial, confirmedEnd, nextSeq, pendingEnd, digest })
      await this.#write(batch)
      confirmedEnd = pendingEnd
      nextSeq++
    }
    await save({ ...initial, confirmedEnd, nextSeq, pendingEnd: null, digest: this.#digestWith([]) })
  }

  /** Goes to where the run before ended, and settles the batch of which it did not learn what became. */
  async #resume(initial: AppendProgress): Promise<number> {
    const { confirmedEnd, pendingEnd, digest } = initial
    if (confirmedEnd === 0 && pendingEnd === null) return 0
    await this.#retake(0, confirmedEnd, (pieces) => void this.#digestWith(pieces))
    const pending: Piece[] = []
    await this.#retake(confirmedEnd, pendingEnd ?? confirmedEnd, (pieces) => {
      for (const piece of pieces) pending.push(piece)
    })
    if (this.#digestWith(pending) !== digest) throw inputChanged()
    this.#skippedBytes = confirmedEnd
    this.#options.onProgress(confirmedEnd)
    if (pendingEnd === null) return confirmedEnd
    const { wasThere } = await this.#send(pending)
    if (wasThere) this.#skippedBytes = pendingEnd
    else this.#count(pending)
    this.#options.onProgress(pendingEnd)
    return pendingEnd
  }

  /** Takes again what an earlier run took. */
  async #retake(from: number, to: number, keep: (pieces: readonly Piece[]) => void): Promise<void> {
    for (let reached = from; reached < to;) {
      const pieces = await this.#options.queue.takeToward(to, this.#options.isCuttable)
      if (pieces === null) throw inputChanged()
      reached = pieces.at(-1)!.end
      keep(pieces)
    }
  }

  async #write(batch: readonly Piece[]): Promise<void> {
    // That it was there already is the work of an earlier attempt of this run, whose answer was lost.
    await this.#send(batch)
    this.#count(batch)
    this.#options.onProgress(batch.at(-1)!.end)
  }

  #send(batch: readonly Piece[]): Promise<{ readonly wasThere: boolean }> {
    const isOnly = this.#options.queue.isDrained && sizeOf(batch) <= MAX_PLAIN_BYTES
    this.#writer ??= this.#options.openWriter(isOnly)
    return this.#writer.write(batch)
  }

  #count(batch: readonly Piece[]): void {
    this.#messages += batch.length
    this.#bytes += sizeOf(batch)
    this.#batches++
  }

  /** The sum of everything that was taken so far, with a batch. */
  #digestWith(batch: readonly Piece[]): string {
    if (batch.length > 0) this.#digest.update(Buffer.concat(batch.map(({ bytes }) => bytes)))
    return this.#digest.copy().digest('hex')
  }
}

function sizeOf(batch: readonly Piece[]): number {
  return batch.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

function inputChanged(): CliError {
  return new CliError(
    'INPUT_CHANGED',
    'the input does not begin with what the state file knows as appended',
    {
      hint: 'give the same input as before, or begin anew with another state file; nothing was appended',
    },
  )
}
