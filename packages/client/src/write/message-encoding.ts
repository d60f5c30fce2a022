import { concatBytes } from '../request/bytes.js'
import { isJsonType } from '../read/read-plan.js'
import { streamError } from '../errors/durable-stream-error.js'

/**
 * What can be appended. On JSON streams a string or bytes are JSON text, anything else is written as JSON; each append
 * is one message, an array too. On other streams strings (as UTF-8) and bytes are appended as they are.
 */
export type AppendValue = string | number | boolean | null | object

const encoder = new TextEncoder()
const OPEN = encoder.encode('[')
const COMMA = encoder.encode(',')
const CLOSE = encoder.encode(']')

/**
 * The bytes of one append. JSON is checked here, so that a caller's mistake is that caller's error and not that of all
 * whose messages share its request.
 */
export function encodeMessage(value: unknown, contentType: string): Uint8Array {
  const bytes = isJsonType(contentType) ? encodeJson(value) : encodeBytes(value, contentType)
  if (bytes.length === 0) throw streamError('BAD_REQUEST', 'there is nothing to append')
  return bytes
}

/** The body of a request with several appends. @see PROTOCOL §9.1.2 */
export function joinMessages(messages: readonly Uint8Array[], contentType: string): Uint8Array {
  if (!isJsonType(contentType)) return concatBytes(messages)
  const pieces: Uint8Array[] = [OPEN]
  messages.forEach((message, i) => {
    if (i > 0) pieces.push(COMMA)
    pieces.push(message)
  })
  pieces.push(CLOSE)
  return concatBytes(pieces)
}

function encodeJson(value: unknown): Uint8Array {
  const binary = bytesOf(value)
  if (typeof value !== 'string' && binary === null) {
    const text = JSON.stringify(value) as string | undefined
    if (text === undefined) throw streamError('PARSE_ERROR', `JSON has nothing for ${typeof value}`)
    return encoder.encode(text)
  }
  try {
    const text =
      binary === null ? (value as string) : new TextDecoder('utf-8', { fatal: true }).decode(binary)
    JSON.parse(text)
  } catch (cause) {
    throw streamError('PARSE_ERROR', 'on a JSON stream, a string or bytes must be JSON text', { cause })
  }
  return binary ?? encoder.encode(value as string)
}

function encodeBytes(value: unknown, contentType: string): Uint8Array {
  if (typeof value === 'string') return encoder.encode(value)
  const bytes = bytesOf(value)
  if (bytes !== null) return bytes
  throw streamError('BAD_REQUEST', `a stream of ${contentType} takes strings and bytes, not ${typeof value}`)
}

function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return null
}
