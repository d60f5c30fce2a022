import type { StreamPath } from '@ds/core'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * The same path as a string of its own. One that was cut out of a request's target is a reference into it, which
 * keeps the whole target, and which every comparison has to follow.
 */
export function ownCopy(path: StreamPath): StreamPath {
  const copy = decoder.decode(encoder.encode(path))
  // Half a surrogate pair, which is no valid text, would not come out as it went in.
  return copy === path ? (copy as StreamPath) : path
}
