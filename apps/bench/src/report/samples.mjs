/** What was measured: for each row and subject one sample for each turn, in the order of turns. */
export class Samples {
  #of = new Map()

  add(row, subject, sample) {
    const key = keyOf(row, subject)
    const samples = this.#of.get(key)
    if (samples === undefined) this.#of.set(key, [sample])
    else samples.push(sample)
  }

  /** Empty when that was not measured. */
  of(row, subject) {
    return this.#of.get(keyOf(row, subject)) ?? []
  }
}

function keyOf(row, subject) {
  return `${row} ${subject}`
}
