import type { ContentKind } from '../protocol/content-type.js'
import type { Offset } from '../protocol/branded.js'
import { asciiBytes, joinBytes, totalLength } from './bytes.js'
import { MESSAGE_END_LENGTH } from './json-messages.js'
import { base64Length, writeBase64 } from './base64.js'

/** What a `control` event tells. @see PROTOCOL §5.8 */
export interface SseControl {
  readonly nextOffset: Offset
  /** The cursor to reconnect with; null once the stream is closed and read to its end. */
  readonly cursor: number | null
  readonly upToDate: boolean
  /** True when the stream is closed and every byte was sent: no client reconnects after that. */
  readonly closed: boolean
}

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const DATA_EVENT = asciiBytes('event: data\ndata:')
const DATA_LINE = asciiBytes('data:')
const EVENT_END = asciiBytes('\n\n')
const [OPEN_ARRAY, CLOSE_ARRAY] = [0x5b, 0x5d]

/**
 * One `data` event with the bytes of a batch: a JSON array on one line, text with its line breaks as lines, or
 * base64 for everything else. Empty when there are no bytes.
 */
export function formatSseData(kind: ContentKind, pieces: readonly Uint8Array[]): Uint8Array {
  if (totalLength(pieces) === 0) return new Uint8Array(0)
  switch (kind) {
    case 'json':
      return formatJson(pieces)
    case 'text':
      return formatText(joinBytes(pieces))
    case 'binary':
      return formatBinary(joinBytes(pieces))
  }
}

/** One `control` event: its data is one line of flat JSON. */
export function formatSseControl(control: SseControl): Uint8Array {
  let json = `{"streamNextOffset":"${control.nextOffset}"`
  if (control.cursor !== null) json += `,"streamCursor":"${control.cursor}"`
  if (control.upToDate) json += ',"upToDate":true'
  if (control.closed) json += ',"streamClosed":true'
  return asciiBytes(`event: control\ndata:${json}}\n\n`)
}

/** A comment, which keeps proxies and clients from taking a silent connection for a dead one. */
export const SSE_HEARTBEAT: Uint8Array = asciiBytes(':\n\n')

function formatJson(pieces: readonly Uint8Array[]): Uint8Array {
  const length = totalLength(pieces) - MESSAGE_END_LENGTH
  const event = new Uint8Array(DATA_EVENT.length + 1 + length + MESSAGE_END_LENGTH + 2)
  event.set(DATA_EVENT)
  let at = DATA_EVENT.length
  event[at++] = OPEN_ARRAY
  const first = at
  for (const piece of pieces) {
    event.set(piece, at)
    at += piece.length
  }
  at = first + length
  for (let lf = event.indexOf(LF, first); lf !== -1 && lf < at; lf = event.indexOf(LF, lf + 1))
    event[lf] = SPACE
  event[at++] = CLOSE_ARRAY
  event.set(EVENT_END, at)
  return event.subarray(0, at + EVENT_END.length)
}

/**
 * Splits at CRLF, CR and LF, as every SSE parser will. A line that begins with a space gets one more in front,
 * which parsers strip.
 */
function formatText(text: Uint8Array): Uint8Array {
  const event = new Uint8Array(measureText(text))
  event.set(DATA_EVENT)
  let at = DATA_EVENT.length
  if (text[0] === SPACE) event[at++] = SPACE
  for (let i = 0; i < text.length; i++) {
    const byte = text[i]!
    if (byte !== LF && byte !== CR) {
      event[at++] = byte
      continue
    }
    if (byte === CR && text[i + 1] === LF) i++
    event[at++] = LF
    event.set(DATA_LINE, at)
    at += DATA_LINE.length
    if (text[i + 1] === SPACE) event[at++] = SPACE
  }
  event.set(EVENT_END, at)
  return event.subarray(0, at + EVENT_END.length)
}

function measureText(text: Uint8Array): number {
  let breaks = 1
  for (const byte of text) if (byte === LF || byte === CR) breaks++
  return DATA_EVENT.length + text.length + breaks * (DATA_LINE.length + 1) + EVENT_END.length
}

function formatBinary(bytes: Uint8Array): Uint8Array {
  const event = new Uint8Array(DATA_EVENT.length + base64Length(bytes.length) + EVENT_END.length)
  event.set(DATA_EVENT)
  event.set(EVENT_END, writeBase64(bytes, event, DATA_EVENT.length))
  return event
}
