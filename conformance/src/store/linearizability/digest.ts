/** A digest of a growing text; two parts of 32 bits, so that different texts hardly ever share it. */
export interface TextDigest {
  readonly low: number
  readonly high: number
}

export const EMPTY_DIGEST: TextDigest = { low: 0x811c9dc5, high: 0x9e3779b9 }

/** The digest of the text that it was made of so far, followed by `text`. */
export function extendDigest(digest: TextDigest, text: string): TextDigest {
  let { low, high } = digest
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit ^ (low >>> 13), 0x5bd1e995)
  }
  return { low: low >>> 0, high: high >>> 0 }
}

export function formatDigest({ low, high }: TextDigest): string {
  return `${low.toString(36)}.${high.toString(36)}`
}
