const ROUND_LIMIT_MS = 10_000

/** One message after another to a known number of readers; each round ends when all of them have it. */
export class DeliveryRounds {
  missing = 0
  surplus = 0
  refused = 0
  #writer
  #append
  #readers
  #latencies = null
  #sentAt = 0
  #awaited = 0
  #finish = null

  constructor(writer, append, readers) {
    this.#writer = writer
    this.#append = append
    this.#readers = readers
  }

  recordInto(latencies) {
    this.#latencies = latencies
  }

  /** Called for every receipt, with the number of messages in it. */
  receive(found) {
    this.#latencies?.record(performance.now() - this.#sentAt, found)
    this.#awaited -= found
    if (this.#awaited < 0) this.surplus -= this.#awaited
    if (this.#awaited <= 0) this.#finish?.()
  }

  async run() {
    this.#awaited = this.#readers
    const delivered = new Promise((resolve) => {
      const timer = setTimeout(resolve, ROUND_LIMIT_MS)
      this.#finish = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#sentAt = performance.now()
    const answered = this.#writer.request(this.#append)
    const [response] = await Promise.all([answered, delivered])
    this.#finish = null
    if (response.status >= 300) this.refused++
    this.missing += Math.max(0, this.#awaited)
  }
}
