/** How a stream's bytes are framed on the wire, which its content type decides. @see PROTOCOL §9 */
export type ContentKind = 'json' | 'text' | 'binary'

/** The content type of a stream that was created without one. @see PROTOCOL §5.1 */
export const DEFAULT_CONTENT_TYPE = 'application/octet-stream'

const MEDIA_TYPE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+\/[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const PARAMETER = /;\s*([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*))/g
const PRINTABLE = /^[\t\x20-\x7e]+$/

/** What a content type says, worked out once. */
interface Parsed {
  /** The content type itself, one string for all streams that have it. */
  readonly text: string
  readonly isValid: boolean
  /** Type and subtype in lower case. */
  readonly essence: string
  /** Null when it names none. */
  readonly charset: string | null
  readonly kind: ContentKind
}

/** The content types seen lately. Nearly all requests have one of a few, and each asks for it several times. */
const seen = new Map<string, Parsed>()
const MAX_SEEN = 256
const MAX_SEEN_LENGTH = 256

/** The content type if it is `type/subtype` with optional parameters, in visible ASCII; else null. */
export function parseContentType(value: string): string | null {
  const { isValid, text } = parse(value)
  return isValid ? text : null
}

/**
 * Whether an append's content type agrees with its stream's. Type and subtype are compared without regard to
 * case; parameters do not matter, except that two explicit charsets must be the same: mixing encodings in one
 * stream would corrupt it, while a missing charset says nothing. @see PROTOCOL §5.2, §12.4
 */
export function sameContentType(a: string, b: string): boolean {
  if (a === b) return true
  const [one, other] = [parse(a), parse(b)]
  if (one.essence !== other.essence) return false
  return one.charset === null || other.charset === null || one.charset === other.charset
}

/** `application/json` has messages, `text/*` is text, and everything else is bytes. @see PROTOCOL §9 */
export function contentKindOf(contentType: string): ContentKind {
  return parse(contentType).kind
}

function parse(text: string): Parsed {
  const known = seen.get(text)
  if (known !== undefined) return known
  const end = text.indexOf(';')
  const essence = (end === -1 ? text : text.slice(0, end)).trim().toLowerCase()
  const isValid = PRINTABLE.test(text) && MEDIA_TYPE.test(essence)
  const parsed = { text, isValid, essence, charset: charsetOf(text), kind: kindOf(essence) }
  if (text.length <= MAX_SEEN_LENGTH) {
    if (seen.size === MAX_SEEN) seen.clear()
    seen.set(text, parsed)
  }
  return parsed
}

function kindOf(essence: string): ContentKind {
  if (essence === 'application/json') return 'json'
  return essence.startsWith('text/') ? 'text' : 'binary'
}

function charsetOf(contentType: string): string | null {
  for (const [, name, quoted, token] of contentType.matchAll(PARAMETER)) {
    if (name!.toLowerCase() === 'charset') return (quoted ?? token ?? '').trim().toLowerCase()
  }
  return null
}
