/** One dispatched server-sent event, with the lines that it was made of. */
export interface SseEvent {
  /** The `event` field, `message` when there was none. */
  readonly type: string
  /** The `data` fields joined by LF, each without at most one leading space. */
  readonly data: string
  /** The lines as they arrived, without their line ends and without the blank line. */
  readonly lines: readonly string[]
}

/** An incremental parser of `text/event-stream`, following the WHATWG algorithm. */
export class SseParser {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  #pending = ''
  #atStart = true
  #afterCarriageReturn = false
  #lines: string[] = []

  /** Takes bytes as they arrive and returns the events that they complete. */
  push(chunk: Uint8Array): SseEvent[] {
    return this.#take(this.#decoder.decode(chunk, { stream: true }))
  }

  /** True when the bytes so far end at an event boundary. */
  get isBetweenEvents(): boolean {
    return this.#pending === '' && this.#lines.length === 0
  }

  #take(text: string): SseEvent[] {
    const events: SseEvent[] = []
    for (const character of this.#withoutLeadingMark(text)) {
      if (character === '\n' && this.#afterCarriageReturn) {
        this.#afterCarriageReturn = false
        continue
      }
      this.#afterCarriageReturn = character === '\r'
      if (character !== '\n' && character !== '\r') {
        this.#pending += character
        continue
      }
      const event = this.#endLine()
      if (event !== undefined) events.push(event)
    }
    return events
  }

  #withoutLeadingMark(text: string): string {
    if (!this.#atStart || text === '') return text
    this.#atStart = false
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }

  #endLine(): SseEvent | undefined {
    const line = this.#pending
    this.#pending = ''
    if (line !== '') {
      this.#lines.push(line)
      return undefined
    }
    const lines = this.#lines
    this.#lines = []
    return dispatch(lines)
  }
}

function dispatch(lines: readonly string[]): SseEvent | undefined {
  let type = ''
  const data: string[] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1))
    if (field === 'event') type = value
    if (field === 'data') data.push(value)
  }
  if (data.length === 0) return undefined
  return { type: type === '' ? 'message' : type, data: data.join('\n'), lines }
}
