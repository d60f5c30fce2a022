declare const brand: unique symbol

/** A value that was parsed or minted in one known place; inside the core nothing is a raw string. */
export type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/**
 * Names one incarnation of a stream: 16 characters of `0-9a-v`, never all zeros. A stream that is deleted and
 * created again at the same path gets another id, so its offsets and entity tags cannot be mistaken.
 */
export type StreamId = Branded<string, 'StreamId'>

/** A stream's path below the server's root, decoded, without a leading slash. */
export type StreamPath = Branded<string, 'StreamPath'>

/** An offset token as it stands on the wire. @see PROTOCOL §8 */
export type Offset = Branded<string, 'Offset'>
