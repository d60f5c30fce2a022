import type { Extent } from './table-format.js'
import type { SegmentUse } from './manifest.js'

const SMALL_BYTES = 1 << 20
const MAX_SMALL = 64
/** How much one round moves, about. */
const ROUND_BYTES = 64 << 20

/** Counts how much of every segment is still in use, on top of what the manifest says. */
export class SegmentUses {
  readonly #uses = new Map<number, { bytes: number; live: number }>()

  constructor(uses: readonly SegmentUse[]) {
    for (const { id, bytes, live } of uses) this.#uses.set(id, { bytes, live })
  }

  add(id: number, bytes: number): void {
    if (bytes > 0) this.#uses.set(id, { bytes, live: bytes })
  }

  release(extents: readonly Extent[]): void {
    for (const { segment, length } of extents) {
      const use = this.#uses.get(segment)
      if (use !== undefined) use.live -= length
    }
  }

  /** The segments that are in use; the others are left out, and can go when this is durable. */
  toManifest(): SegmentUse[] {
    const uses: SegmentUse[] = []
    for (const [id, { bytes, live }] of this.#uses) if (live > 0) uses.push({ id, bytes, live })
    return uses
  }

  /** Segments whose content should move: the ones that are mostly empty, and small ones if there are many. */
  worthMoving(): Set<number> {
    const uses = this.toManifest()
    const small = uses.filter(({ bytes }) => bytes < SMALL_BYTES)
    const areTooMany = small.length > MAX_SMALL
    const chosen = new Set<number>()
    let moved = 0
    for (const { id, bytes, live } of uses) {
      const isWorth = live * 2 < bytes || (areTooMany && bytes < SMALL_BYTES)
      if (!isWorth || moved + live > ROUND_BYTES) continue
      moved += live
      chosen.add(id)
    }
    return chosen
  }
}
