import Negotiator from 'negotiator'

export type ContentCoding = 'br' | 'gzip'

/** How a runtime compresses. */
export interface Compressor {
  /** What it can do, the best first. */
  readonly codings: readonly ContentCoding[]
  /** How many compressions it should be given at a time. Default 2. */
  readonly atATime?: number
  compress(coding: ContentCoding, pieces: readonly Uint8Array[]): Promise<Uint8Array>
}

const COMPRESSIBLE = /^(?:text\/|application\/(?:json|xml|javascript|.*\+(?:json|xml)|ndjson|x-ndjson))/i

/** Whether compressing a type is worth the while. */
export function isCompressible(contentType: string): boolean {
  return COMPRESSIBLE.test(contentType)
}

/** The best coding that the client accepts; null for none. RFC 9110 §12.5.3 */
export function chooseCoding(
  acceptEncoding: string | undefined,
  codings: readonly ContentCoding[],
): ContentCoding | null {
  if (acceptEncoding === undefined || codings.length === 0) return null
  const accepted = new Negotiator({ headers: { 'accept-encoding': acceptEncoding } }).encodings([
    ...codings,
    'identity',
  ])
  const best = codings.find((coding) => accepted.includes(coding))
  return best ?? null
}

/** Compression by the web's own streams, which every runtime has; they know gzip only. */
export const webCompressor: Compressor = {
  codings: ['gzip'],
  async compress(_coding, pieces) {
    const body = new Blob(pieces as Uint8Array<ArrayBuffer>[]).stream()
    const compressed = body.pipeThrough(new CompressionStream('gzip'))
    return new Uint8Array(await new Response(compressed).arrayBuffer())
  },
}
