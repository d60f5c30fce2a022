/** An event of a `text/event-stream` response. */
export interface SseEvent {
  readonly type: string
  readonly data: string
}

/**
 * Takes an event stream apart, wherever its chunks are cut. Knows the format and nothing of this protocol: lines end
 * in CRLF, CR or LF, comments are skipped, an event that was begun and not ended is never told of.
 */
export class SseParser {
  #rest = ''
  #type = ''
  #data: string[] = []
  #size = 0
  #hasBegun = false
  #endedInCr = false

  /** Characters that wait for their event to end. */
  get pendingLength(): number {
    return this.#rest.length + this.#size
  }

  push(chunk: string): SseEvent[] {
    const events: SseEvent[] = []
    if (chunk === '') return events
    // A CR has ended its line already; what may follow of a CRLF is no line of its own.
    let text = this.#rest + (this.#endedInCr && chunk.startsWith('\n') ? chunk.slice(1) : chunk)
    this.#endedInCr = chunk.endsWith('\r')
    if (!this.#hasBegun && text.length > 0) {
      this.#hasBegun = true
      if (text.startsWith('\ufeff')) text = text.slice(1)
    }
    const lineEnd = /\r\n|\n|\r/g
    let start = 0
    for (let match = lineEnd.exec(text); match !== null; match = lineEnd.exec(text)) {
      this.#line(text.slice(start, match.index), events)
      start = lineEnd.lastIndex
    }
    this.#rest = text.slice(start)
    return events
  }

  #line(line: string, events: SseEvent[]): void {
    if (line === '') {
      if (this.#type !== '' || this.#data.length > 0) {
        events.push({ type: this.#type === '' ? 'message' : this.#type, data: this.#data.join('\n') })
      }
      this.#type = ''
      this.#data = []
      this.#size = 0
      return
    }
    const colon = line.indexOf(':')
    if (colon === 0) return
    const field = colon === -1 ? line : line.slice(0, colon)
    const raw = colon === -1 ? '' : line.slice(colon + 1)
    const value = raw.startsWith(' ') ? raw.slice(1) : raw
    if (field === 'event') this.#type = value
    if (field === 'data') {
      this.#data.push(value)
      this.#size += value.length + 1
    }
  }
}
