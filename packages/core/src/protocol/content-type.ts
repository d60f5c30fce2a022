/** How a stream's bytes are framed on the wire, which its content type decides. @see PROTOCOL §9 */
export type ContentKind = 'json' | 'text' | 'binary'

/** The content type of a stream that was created without one. @see PROTOCOL §5.1 */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

const MEDIA_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g
const PRINTABLE = /^[\t\x20-\x7e]+$/

/** True for `type/subtype` with optional parameters, in visible ASCII. */
export function isContentType(value: string): boolean {
  return PRINTABLE.test(value) && MEDIA_TYPE.test(essenceOf(value))
}

/**
 * Whether an append's content type agrees with its stream's. Type and subtype are compared without regard to
 * case; parameters do not matter, except that two explicit charsets must be the same: mixing encodings in one
 * stream would corrupt it, while a missing charset says nothing. @see PROTOCOL §5.2, §12.4
 */
export function sameContentType(a: string, b: string): boolean {
  if (a === b) return true
  if (essenceOf(a) !== essenceOf(b)) return false
  const charsetA = charsetOf(a)
  const charsetB = charsetOf(b)
  return charsetA === null || charsetB === null || charsetA === charsetB
}

/** `application/json` has messages, `text/*` is text, and everything else is bytes. @see PROTOCOL §9 */
export function contentKindOf(contentType: string): ContentKind {
  const essence = essenceOf(contentType)
  if (essence === 'application/json') return 'json'
  return essence.startsWith('text/') ? 'text' : 'binary'
}

function essenceOf(contentType: string): string {
  const end = contentType.indexOf(';')
  return (end === -1 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

function charsetOf(contentType: string): string | null {
  for (const [, name, quoted, token] of contentType.matchAll(PARAMETER)) {
    if (name!.toLowerCase() === 'charset') return (quoted ?? token ?? '').trim().toLowerCase()
  }
  return null
}
