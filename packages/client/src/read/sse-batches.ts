import { SSE_CLOSED_FIELD, SSE_CURSOR_FIELD, SSE_OFFSET_FIELD, SSE_UP_TO_DATE_FIELD } from '../constants.js'
import { streamError } from '../errors/durable-stream-error.js'
import type { Payload } from './payload.js'
import type { SseEvent } from './sse-parser.js'
import type { TailReport } from './read-plan.js'
import { concatBytes } from '../request/bytes.js'
import { decodeBase64 } from './base64.js'

/** Data, and the control event that makes it count. */
export interface SseBatch {
  readonly payload: Payload
  readonly report: TailReport
}

/**
 * Joins data events with the control event that follows them. Data without its control event has no offset after
 * it, so it never takes effect: when the connection breaks there, it is read again. @see PROTOCOL §5.8
 */
export class SseBatcher {
  readonly #base64: boolean
  #data: string[] = []
  #length = 0

  constructor(base64: boolean) {
    this.#base64 = base64
  }

  /** Characters of data events that wait for their control event. */
  get pendingLength(): number {
    return this.#length
  }

  /** The batch that this event completes, or null. */
  add(event: SseEvent): SseBatch | null {
    if (event.type === 'data') {
      this.#data.push(event.data)
      this.#length += event.data.length
      return null
    }
    // Other types are extensions. @see PROTOCOL §11.1
    if (event.type !== 'control') return null
    const payload = this.#takePayload()
    return { payload, report: readControl(event.data) }
  }

  #takePayload(): Payload {
    const texts = this.#data
    this.#data = []
    this.#length = 0
    if (!this.#base64) return { kind: 'texts', texts }
    const pieces = texts.map((text) => {
      const bytes = decodeBase64(text)
      if (bytes === null) throw streamError('PROTOCOL_ERROR', 'a data event is no base64')
      return bytes
    })
    return { kind: 'bytes', bytes: concatBytes(pieces) }
  }
}

function readControl(data: string): TailReport {
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(data) as Record<string, unknown>
  } catch (cause) {
    throw streamError('PROTOCOL_ERROR', 'a control event is no JSON', { cause })
  }
  const next = (fields as Record<string, unknown> | null)?.[SSE_OFFSET_FIELD]
  if (typeof next !== 'string' || next === '') {
    throw streamError('PROTOCOL_ERROR', `a control event lacks ${SSE_OFFSET_FIELD}`)
  }
  const cursor = fields[SSE_CURSOR_FIELD]
  const closed = fields[SSE_CLOSED_FIELD] === true
  return {
    next,
    cursor: typeof cursor === 'string' ? cursor : null,
    upToDate: closed || fields[SSE_UP_TO_DATE_FIELD] === true,
    closed,
  }
}
