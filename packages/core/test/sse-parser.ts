/** One event as a browser would dispatch it. */
export interface ParsedEvent {
  readonly type: string
  readonly data: string
}

/** Decodes and interprets an event stream by the letter of the HTML standard §9.2.5 and §9.2.6. */
export function parseEventStream(bytes: Uint8Array): ParsedEvent[] {
  // "UTF-8 decode" strips one leading byte order mark.
  const text = new TextDecoder('utf-8').decode(bytes)
  const events: ParsedEvent[] = []
  let type = ''
  let data = ''
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === '') {
      if (data !== '') events.push({ type: type === '' ? 'message' : type, data: data.replace(/\n$/, '') })
      type = ''
      data = ''
      continue
    }
    const colon = line.indexOf(':')
    if (colon === 0) continue
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') type = value
    else if (field === 'data') data += `${value}\n`
  }
  return events
}
