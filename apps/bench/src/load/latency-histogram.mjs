const SMALLEST_MS = 0.001
const GROWTH = 1.02
const LOG_GROWTH = Math.log(GROWTH)
const BUCKETS = 1024

/** Latencies in buckets that grow by 2 %: percentiles within 2 % at a fixed size, however many are recorded. */
export class LatencyHistogram {
  #buckets = new Float64Array(BUCKETS)
  #count = 0

  get count() {
    return this.#count
  }

  record(latencyMs, times = 1) {
    const index = Math.ceil(Math.log(Math.max(latencyMs, SMALLEST_MS) / SMALLEST_MS) / LOG_GROWTH)
    this.#buckets[Math.min(index, BUCKETS - 1)] += times
    this.#count += times
  }

  /** The upper bound of the bucket that holds the given share of all latencies; null when there are none. */
  percentile(percent) {
    if (this.#count === 0) return null
    const wanted = Math.max(1, Math.ceil((this.#count * percent) / 100))
    let seen = 0
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.#buckets[index]
      if (seen >= wanted) return SMALLEST_MS * GROWTH ** index
    }
    return SMALLEST_MS * GROWTH ** (BUCKETS - 1)
  }
}
