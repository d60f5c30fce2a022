import type { Payload } from './payload.js'
import { streamError } from '../errors/durable-stream-error.js'
import { payloadTexts } from './payload.js'

/**
 * The messages of a batch: each text is a JSON array of them. A value that is no array, which only streams that are
 * read as JSON by request have, is one message. @see PROTOCOL §9.1.5
 */
export function parseItems(payload: Payload): unknown[] {
  const values = payloadTexts(payload)
    .filter((text) => text.trim() !== '')
    .map(parse)
  if (values.length === 1 && Array.isArray(values[0])) return values[0]
  const items: unknown[] = []
  for (const value of values) {
    // Not spread: a page may hold more messages than a call takes arguments.
    if (Array.isArray(value)) for (const item of value) items.push(item)
    else items.push(value)
  }
  return items
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw streamError('PARSE_ERROR', `no JSON: ${(cause as Error).message}`, { cause })
  }
}
