import type { FramedJson } from '../framing/json-messages.js'
import { contentKindOf } from '../protocol/content-type.js'
import { frameJsonMessages } from '../framing/json-messages.js'

/** A request's body, framed once for the content type that it claims to have, before any stream is looked at. */
export interface RequestBody {
  /** The length as received, in bytes. */
  readonly length: number
  readonly stored: FramedJson
}

/** Whether a body is to be framed as JSON. */
export function isJsonBody(contentType: string | null, bytes: Uint8Array): boolean {
  return bytes.length > 0 && contentType !== null && contentKindOf(contentType) === 'json'
}

/** Frames a body: JSON into messages, everything else as it is. @see PROTOCOL §9 */
export function frameBody(contentType: string | null, bytes: Uint8Array): RequestBody {
  const isJson = isJsonBody(contentType, bytes)
  return {
    length: bytes.length,
    stored: isJson ? frameJsonMessages(bytes) : { ok: true, bytes, count: 0 },
  }
}
