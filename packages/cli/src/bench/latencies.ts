/** Percentiles of what was measured, in milliseconds. */
export interface LatencySummary {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Keeps at most so many; beyond, every other one makes room. */
const MAX_KEPT = 200_000

/** Collects durations in bounded memory. */
export class Latencies {
  #kept: number[] = []
  #step = 1
  #count = 0
  #max = 0

  add(ms: number): void {
    this.#max = Math.max(this.#max, ms)
    if (this.#count++ % this.#step === 0) this.#kept.push(ms)
    if (this.#kept.length < MAX_KEPT) return
    this.#kept = this.#kept.filter((_, i) => i % 2 === 0)
    this.#step *= 2
  }

  get count(): number {
    return this.#count
  }

  summary(): LatencySummary {
    const sorted = [...this.#kept].sort((a, b) => a - b)
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
    return { p50: round(at(0.5)), p99: round(at(0.99)), max: round(this.#max) }
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100
}
