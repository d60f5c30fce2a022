import type { LiveBatch, LiveEnd, LiveRead, LiveReader } from '../src/streams/live-batch.js'
import { joinBytes } from '../src/framing/bytes.js'

/** A live reader that keeps what it gets, and checks that batches follow each other. */
export class CollectingReader implements LiveReader {
  readonly batches: LiveBatch[] = []
  readonly ends: LiveEnd[] = []
  /** What is wrong with what it was given; a test expects it to stay empty. */
  readonly complaints: string[] = []
  /** How many more batches it takes before it wants to rest. */
  appetite: number
  live: LiveRead | null = null
  onRest: () => void = () => undefined

  constructor(appetite?: number) {
    this.appetite = appetite ?? Infinity
  }

  get bytes(): Uint8Array {
    return joinBytes([...this.batches.flatMap(({ pieces }) => [...pieces]), new Uint8Array(0)])
  }

  get text(): string {
    return Buffer.from(this.bytes).toString('latin1')
  }

  get isClosed(): boolean {
    return this.batches.at(-1)?.closed ?? false
  }

  deliver(batch: LiveBatch): boolean {
    const last = this.batches.at(-1)
    const length = batch.pieces.reduce((sum, piece) => sum + piece.length, 0)
    if (this.ends.length > 0) this.complaints.push('a batch after the end')
    if (last !== undefined && last.to !== batch.from)
      this.complaints.push(`${last.to} is followed by ${batch.from}`)
    if (last !== undefined && batch.to === batch.from && !batch.closed) this.complaints.push('an empty batch')
    if (batch.to - batch.from !== length) this.complaints.push('a batch of another length than its range')
    if (this.appetite <= 0) this.complaints.push('a batch while it rests')
    if (last?.closed === true) this.complaints.push('a batch after the last one')
    this.batches.push(batch)
    this.appetite--
    if (this.appetite > 0) return true
    this.onRest()
    return false
  }

  end(reason: LiveEnd): void {
    if (this.ends.length > 0) this.complaints.push('a second end')
    this.ends.push(reason)
  }
}
