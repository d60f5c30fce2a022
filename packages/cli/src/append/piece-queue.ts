import type { InputForm, Piece } from '../input/pieces.js'

/** Bounds of what waits to be sent, and of one batch. */
export interface QueueLimits {
  readonly maxBatchBytes: number
  readonly maxBatchPieces: number
  /** The input is not read further while more than this waits. */
  readonly maxWaitingBytes: number
  /** Milliseconds that a batch which is not full waits for more. */
  readonly lingerMs: number
}

/** What a piece costs in memory beside its bytes. */
const PIECE_OVERHEAD = 128

/**
 * The pieces of an input between its reading and their sending. While one batch is under way the next one gathers;
 * when enough waits, the input is left alone until there is room.
 */
export class PieceQueue {
  readonly #limits: QueueLimits
  #pieces: Piece[] = []
  #at = 0
  #weight = 0
  #isComplete = false
  #failure: { readonly error: unknown } | null = null
  #onChange: (() => void) | null = null
  #onRoom: (() => void) | null = null

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Reads an input to its end; what goes wrong is told to whoever takes, after what was read before it. */
  async fill(source: AsyncIterable<Uint8Array>, form: InputForm): Promise<void> {
    try {
      for await (const chunk of source) {
        this.#add(form.push(chunk))
        if (form.failure !== null) throw form.failure
        while (this.#weight > this.#limits.maxWaitingBytes && !this.#isComplete) {
          await new Promise<void>((resolve) => (this.#onRoom = resolve))
        }
        if (this.#isComplete) return
      }
      this.#add(form.finish())
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#isComplete = true
      this.#onChange?.()
    }
  }

  /** Takes no more from the input; what waits is dropped. */
  stop(): void {
    this.#isComplete = true
    this.#pieces = []
    this.#at = this.#weight = 0
    this.#onRoom?.()
    this.#onChange?.()
  }

  /** Whether the input has ended and nothing waits. */
  get isDrained(): boolean {
    return this.#isComplete && this.#at === this.#pieces.length
  }

  /** The next batch, as much as there is within the bounds; null at the end of the input. */
  async takeBatch(): Promise<Piece[] | null> {
    await this.#somePieces()
    if (!this.#isComplete && !this.#isFull()) await this.#linger()
    if (this.isDrained) return this.#end()
    const { maxBatchBytes, maxBatchPieces } = this.#limits
    let bytes = 0
    let count = 0
    for (let i = this.#at; i < this.#pieces.length && count < maxBatchPieces; i++) {
      bytes += this.#pieces[i]!.bytes.length
      if (count > 0 && bytes > maxBatchBytes) break
      count++
    }
    return this.#remove(count)
  }

  /**
   * Some of what comes before a position in the input, as an earlier run took it. Null if the input ends before that
   * position, or has no boundary there.
   */
  async takeToward(position: number, isCuttable: boolean): Promise<Piece[] | null> {
    await this.#somePieces()
    if (this.isDrained) return this.#end()
    const { start, end } = this.#pieces[this.#at]!
    if (end > position) {
      if (!isCuttable || start >= position) return null
      this.#cutFirst(position)
    }
    let count = 1
    while (this.#at + count < this.#pieces.length && this.#pieces[this.#at + count]!.end <= position) count++
    return this.#remove(count)
  }

  async #somePieces(): Promise<void> {
    while (this.#at === this.#pieces.length && !this.#isComplete) await this.#change()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#onChange = resolve))
  }

  #isFull(): boolean {
    const count = this.#pieces.length - this.#at
    return (
      this.#weight - count * PIECE_OVERHEAD >= this.#limits.maxBatchBytes ||
      count >= this.#limits.maxBatchPieces
    )
  }

  async #linger(): Promise<void> {
    const over = new AbortController()
    const timer = setTimeout(() => {
      over.abort()
      this.#onChange?.()
    }, this.#limits.lingerMs)
    while (!over.signal.aborted && !this.#isComplete && !this.#isFull()) await this.#change()
    clearTimeout(timer)
  }

  #add(pieces: readonly Piece[]): void {
    if (pieces.length === 0 || this.#isComplete) return
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#weight += piece.bytes.length + PIECE_OVERHEAD
    }
    this.#onChange?.()
  }

  #remove(count: number): Piece[] {
    const removed = this.#pieces.slice(this.#at, this.#at + count)
    this.#at += count
    for (const { bytes } of removed) this.#weight -= bytes.length + PIECE_OVERHEAD
    if (this.#at > 4096 || this.#at === this.#pieces.length) {
      this.#pieces = this.#pieces.slice(this.#at)
      this.#at = 0
    }
    this.#onRoom?.()
    return removed
  }

  #cutFirst(position: number): void {
    const { bytes, start, end } = this.#pieces[this.#at]!
    const length = position - start
    this.#pieces.splice(
      this.#at,
      1,
      { bytes: bytes.subarray(0, length), start, end: position },
      { bytes: bytes.subarray(length), start: position, end },
    )
    this.#weight += PIECE_OVERHEAD
  }

  #end(): null {
    if (this.#failure !== null) throw this.#failure.error
    return null
  }
}
