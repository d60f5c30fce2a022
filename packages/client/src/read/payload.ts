import type { Content } from './read-plan.js'

/** What was read at once: bytes from a body, or the texts of SSE data events. */
export type Payload =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'texts'; readonly texts: readonly string[] }

export function payloadBytes(payload: Payload): Uint8Array {
  return payload.kind === 'bytes' ? payload.bytes : new TextEncoder().encode(payload.texts.join(''))
}

export function payloadTexts(payload: Payload): readonly string[] {
  return payload.kind === 'texts' ? payload.texts : [new TextDecoder().decode(payload.bytes)]
}

/** What is in it. In JSON mode an empty page is `[]`. @see PROTOCOL §9.1.5 */
export function contentOf(payload: Payload): Content {
  if (payload.kind === 'bytes') {
    if (payload.bytes.length === 0) return 'none'
    return payload.bytes.length < 16 && isEmptyArray(new TextDecoder().decode(payload.bytes))
      ? 'empty-array'
      : 'data'
  }
  if (payload.texts.every((text) => text === '')) return 'none'
  return payload.texts.every((text) => text === '' || isEmptyArray(text)) ? 'empty-array' : 'data'
}

function isEmptyArray(text: string): boolean {
  return /^\s*\[\s*\]\s*$/.test(text)
}
