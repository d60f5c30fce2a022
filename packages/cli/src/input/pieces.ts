/** A part of the input that is appended whole: a message, or bytes of a byte stream. */
export interface Piece {
  readonly bytes: Uint8Array
  /** Where it begins in the input, in bytes. */
  readonly start: number
  /** Where what follows it begins. */
  readonly end: number
}

/** Cuts an input into pieces. The same input gives the same pieces, unless pieces may be cut anywhere. */
export interface InputForm {
  /** Whether a piece can be cut in two without changing what is appended. */
  readonly isCuttable: boolean
  /** What is wrong with the input after the pieces that were returned; null as long as it is fine. */
  readonly failure: Error | null
  push(chunk: Uint8Array): Piece[]
  /** The input has ended; throws if it ends in the middle of something. */
  finish(): Piece[]
}
