/** The bytes of a text that is known to be ASCII. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

/** The total length of some pieces, in bytes. */
export function totalLength(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** One array with the bytes of all pieces; a single piece is returned as it is, not copied. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const joined = new Uint8Array(totalLength(pieces))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** The first `length` bytes of some pieces, without copying. */
export function takeBytes(pieces: readonly Uint8Array[], length: number): Uint8Array[] {
  const taken: Uint8Array[] = []
  let left = length
  for (const piece of pieces) {
    if (left <= 0) break
    taken.push(piece.length <= left ? piece : piece.subarray(0, left))
    left -= piece.length
  }
  return taken
}
