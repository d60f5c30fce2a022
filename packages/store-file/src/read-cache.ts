type Blocks = readonly Uint8Array[] | null

interface Kept {
  readonly segment: number
  readonly bytes: number
  readonly blocks: Promise<Blocks>
}

/**
 * What was last read from segments, up to a number of bytes. Readers who catch up on the same stream then share one read
 * and one check of its sums. Segments never change, so what was read of one stays right for as long as it is there.
 */
export class ReadCache {
  readonly maxBytes: number
  /** By segment and position; the ones used last are at the end. */
  readonly #kept = new Map<string, Kept>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(segment: number, offset: number): Promise<Blocks> | undefined {
    const key = `${segment}:${offset}`
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept.blocks
  }

  /** Keeps what is being read; not if the read fails, or finds the segment gone. */
  keep(segment: number, offset: number, bytes: number, blocks: Promise<Blocks>): void {
    const key = `${segment}:${offset}`
    const kept = { segment, bytes, blocks }
    this.#kept.set(key, kept)
    this.#bytes += bytes
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#bytes <= this.maxBytes) break
      this.#kept.delete(oldest)
      this.#bytes -= freed
    }
    const drop = (): void => {
      if (this.#kept.get(key) === kept) this.#remove(key, kept)
    }
    blocks.then((found) => {
      if (found === null) drop()
    }, drop)
  }

  /** Lets go of a segment that is about to be removed. */
  forget(segment: number): void {
    for (const [key, kept] of this.#kept) if (kept.segment === segment) this.#remove(key, kept)
  }

  #remove(key: string, { bytes }: Kept): void {
    this.#kept.delete(key)
    this.#bytes -= bytes
  }
}
