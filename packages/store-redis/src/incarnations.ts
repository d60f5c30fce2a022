import type { StreamId } from '@ds/core'

/** Where the bytes of an incarnation are; that never changes. */
export interface Incarnation {
  /** The position of its first byte. */
  readonly base: number
  /** What its chunks are named after. */
  readonly blobId: string
}

/** The incarnations seen last, so that reads need not ask where their bytes are. */
export class Incarnations {
  readonly #capacity: number
  readonly #known = new Map<StreamId, Incarnation>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(streamId: StreamId): Incarnation | undefined {
    return this.#known.get(streamId)
  }

  note(streamId: StreamId, base: number, blobId: string): void {
    const known = this.#known.get(streamId)
    if (known?.blobId === blobId) return
    this.#known.set(streamId, { base, blobId })
    if (this.#known.size <= this.#capacity) return
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest)
      return
    }
  }

  forget(streamId: StreamId): void {
    this.#known.delete(streamId)
  }
}
