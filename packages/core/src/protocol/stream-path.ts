import type { StreamPath } from './branded.js'

/** Why a path is refused; never a reason to touch another stream. */
export type PathRefusal = 'empty' | 'encoding' | 'segment' | 'character' | 'too-long'

export type ParsedPath =
  { readonly ok: true; readonly path: StreamPath } | { readonly ok: false; readonly refusal: PathRefusal }

/** The first segment that belongs to the protocol's own control APIs. @see PROTOCOL §6 */
export const RESERVED_SEGMENT = '__ds'

const PLAIN = /^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/
const VISIBLE_ASCII = /^[\x21-\x7e]*$/
const ENCODED_SLASH = /%2f/i
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const FORBIDDEN = /[\x00-\x1f\x7f\\]/
const DOT_SEGMENT = /(?:^|\/)\.{0,2}(?:\/|$)/

/**
 * Reads a stream's path from the raw path of a URL, below the server's root and without its leading slash.
 *
 * Percent-encoding is decoded, so two spellings of one name are one stream. Everything that a proxy, a file
 * system or a URL parser might take for another path is refused rather than normalised: empty, `.` and `..`
 * segments however they are encoded, encoded slashes, backslashes, control characters, invalid UTF-8.
 * @see PROTOCOL §12.2
 *
 * @param maxLength the longest path accepted, in UTF-16 units of the decoded text
 */
export function parseStreamPath(raw: string, maxLength: number): ParsedPath {
  if (raw === '') return refuse('empty')
  let decoded = raw
  if (!PLAIN.test(raw)) {
    if (!VISIBLE_ASCII.test(raw)) return refuse('encoding')
    if (ENCODED_SLASH.test(raw)) return refuse('segment')
    try {
      decoded = decodeURIComponent(raw)
    } catch {
      return refuse('encoding')
    }
    if (FORBIDDEN.test(decoded)) return refuse('character')
  }
  if (decoded.length > maxLength) return refuse('too-long')
  if (DOT_SEGMENT.test(decoded)) return refuse('segment')
  return { ok: true, path: decoded as StreamPath }
}

/** Writes a stream's path as it stands in a URL, below the server's root. */
export function formatStreamPath(path: StreamPath): string {
  return PLAIN.test(path) ? path : path.split('/').map(encodeURIComponent).join('/')
}

/** True for `__ds` and everything below it. */
export function isReservedPath(path: StreamPath): boolean {
  return path === RESERVED_SEGMENT || path.startsWith(`${RESERVED_SEGMENT}/`)
}

/**
 * Orders paths by code point, which is also the order of their UTF-8 bytes. JavaScript's own order differs where
 * surrogates meet characters above U+D7FF.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i)
    const unitB = b.charCodeAt(i)
    if (unitA === unitB) continue
    const isSurrogateA = unitA >= 0xd800 && unitA < 0xe000
    const isSurrogateB = unitB >= 0xd800 && unitB < 0xe000
    return isSurrogateA === isSurrogateB ? unitA - unitB : isSurrogateA ? 1 : -1
  }
  return a.length - b.length
}

function refuse(refusal: PathRefusal): ParsedPath {
  return { ok: false, refusal }
}
