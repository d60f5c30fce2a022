/**
 * Counts a marker in a byte sequence that arrives in arbitrary pieces.
 *
 * The marker's first byte must not occur again inside it, so a failed match can only restart at a new
 * first byte.
 */
export class MarkerCounter {
  #marker
  #matched = 0

  constructor(marker) {
    this.#marker = Buffer.from(marker)
    if (this.#marker.includes(this.#marker[0], 1)) throw new Error('the marker repeats its first byte')
  }

  /** How many markers end within the first `length` bytes of this piece. */
  count(piece, length = piece.length) {
    const bytes = length === piece.length ? piece : piece.subarray(0, length)
    let at = this.#matched > 0 ? this.#continueMatch(bytes) : 0
    let found = 0
    if (at < 0) return 0
    if (at > 0 && this.#matched === this.#marker.length) found = 1
    this.#matched = 0
    for (;;) {
      const start = bytes.indexOf(this.#marker, at)
      if (start === -1) break
      found++
      at = start + this.#marker.length
    }
    this.#matched = this.#matchedAtEnd(bytes, at)
    return found
  }

  /** The position after the rest of a begun match; -1 when the piece ends within it. */
  #continueMatch(bytes) {
    let at = 0
    while (this.#matched < this.#marker.length) {
      if (at === bytes.length) return -1
      if (bytes[at] !== this.#marker[this.#matched]) return 0
      at++
      this.#matched++
    }
    return at
  }

  #matchedAtEnd(bytes, from) {
    const start = bytes.lastIndexOf(this.#marker[0])
    const rest = bytes.length - start
    if (start < from || rest >= this.#marker.length) return 0
    return bytes.compare(this.#marker, 0, rest, start) === 0 ? rest : 0
  }
}
