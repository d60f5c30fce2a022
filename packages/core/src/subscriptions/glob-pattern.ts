/** What one segment of a pattern accepts. */
export type PatternSegment =
  | { readonly kind: 'literal'; readonly text: string }
  /** `*`: exactly one segment, whatever it is. */
  | { readonly kind: 'one' }
  /** `**`: any number of segments, also none. */
  | { readonly kind: 'many' }
  /** A segment such as `chat-*`, in which each `*` stands for any characters, also none. */
  | { readonly kind: 'partial'; readonly pieces: readonly string[] }

/** Takes a pattern apart. Neighbouring `**` mean what one of them means. @see PROTOCOL §6.2 */
export function parsePattern(pattern: string): PatternSegment[] {
  const segments: PatternSegment[] = []
  for (const text of pattern.split('/')) {
    if (text === '**') {
      if (segments.at(-1)?.kind !== 'many') segments.push({ kind: 'many' })
    } else if (text === '*') segments.push({ kind: 'one' })
    else if (text.includes('*')) segments.push({ kind: 'partial', pieces: text.split(/\*+/) })
    else segments.push({ kind: 'literal', text })
  }
  return segments
}

/** A path as a pattern that accepts nothing else, even if it has an asterisk. */
export function literalPattern(path: string): PatternSegment[] {
  return path.split('/').map((text) => ({ kind: 'literal', text }))
}

/**
 * Whether a pattern accepts a path. All the ways in which it might are followed at once, segment by segment, so the
 * time grows with the length of the path times that of the pattern, and never explodes.
 */
export function matchesPattern(pattern: readonly PatternSegment[], path: string): boolean {
  let reached = new Set<number>()
  enter(pattern, 0, reached)
  for (const segment of path.split('/')) {
    const next = new Set<number>()
    for (const at of reached) {
      const part = pattern[at]
      if (part === undefined) continue
      if (part.kind === 'many') enter(pattern, at, next)
      else if (acceptsSegment(part, segment)) enter(pattern, at + 1, next)
    }
    if (next.size === 0) return false
    reached = next
  }
  return reached.has(pattern.length)
}

/** Whether one part of a pattern, which is not `**`, accepts one segment. */
export function acceptsSegment(part: Exclude<PatternSegment, { kind: 'many' }>, segment: string): boolean {
  switch (part.kind) {
    case 'literal':
      return part.text === segment
    case 'one':
      return true
    case 'partial':
      return acceptsPartial(part.pieces, segment)
  }
}

/** The part of a pattern that every path begins with, up to its last whole segment. */
export function literalPrefix(pattern: readonly PatternSegment[]): string {
  const texts: string[] = []
  for (const part of pattern) {
    if (part.kind !== 'literal') break
    texts.push(part.text)
  }
  if (texts.length === pattern.length) return texts.join('/')
  return texts.length === 0 ? '' : `${texts.join('/')}/`
}

/** A `**` may also be passed by at once. */
function enter(pattern: readonly PatternSegment[], at: number, into: Set<number>): void {
  into.add(at)
  if (pattern[at]?.kind === 'many') into.add(at + 1)
}

/** The first piece begins the segment, the last one ends it, the others follow each other; leftmost is best. */
function acceptsPartial(pieces: readonly string[], segment: string): boolean {
  const first = pieces[0]!
  const last = pieces.at(-1)!
  if (segment.length < first.length + last.length) return false
  if (!segment.startsWith(first) || !segment.endsWith(last)) return false
  const end = segment.length - last.length
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    const found = segment.indexOf(piece, at)
    if (found === -1 || found + piece.length > end) return false
    at = found + piece.length
  }
  return true
}
