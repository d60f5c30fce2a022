/** One response as it stood on the wire. */
export interface WireResponse {
  readonly status: number
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/** All that a connection received: whole responses, and what is left of one that was cut off. */
export interface WireResponses {
  readonly responses: readonly WireResponse[]
  readonly rest: Buffer
}

const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*$/
const HEADER_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e]*)$/
const CRLF = '\r\n'

/** The value of a header; null when there is none. Throws when it is repeated. */
export function headerOf(response: WireResponse, name: string): string | null {
  const values = response.headers.filter(([candidate]) => candidate === name)
  if (values.length > 1) throw new Error(`the response repeats ${name}`)
  return values[0]?.[1] ?? null
}

/**
 * Takes received bytes apart by RFC 9112, and throws at the first that do not fit.
 *
 * @param isHead whether the request at an index was a HEAD, whose response has no body
 */
export function parseResponses(received: Buffer, isHead: (index: number) => boolean): WireResponses {
  const responses: WireResponse[] = []
  let rest = received
  for (;;) {
    const index = responses.filter(({ status }) => status >= 200).length
    const parsed = parseOne(rest, isHead(index))
    if (parsed === null) return { responses, rest }
    responses.push(parsed.response)
    rest = rest.subarray(parsed.length)
  }
}

function parseOne(bytes: Buffer, isHead: boolean): { response: WireResponse; length: number } | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd === -1) {
    const start = bytes.subarray(0, 9).toString('latin1')
    if (!'HTTP/1.1 '.startsWith(start)) throw new Error(`no response begins with ${JSON.stringify(start)}`)
    return null
  }
  const [statusLine, ...lines] = bytes.subarray(0, headEnd).toString('latin1').split(CRLF)
  const status = Number(STATUS_LINE.exec(statusLine!)?.[1] ?? NaN)
  if (Number.isNaN(status)) throw new Error(`no status line: ${JSON.stringify(statusLine)}`)
  const headers = lines.map((line) => {
    const match = HEADER_LINE.exec(line)
    if (match === null) throw new Error(`no header line: ${JSON.stringify(line)}`)
    return [match[1]!.toLowerCase(), match[2]!] as const
  })
  const bodyStart = headEnd + 4
  const body = takeBody({ status, headers, body: Buffer.alloc(0) }, bytes.subarray(bodyStart), isHead)
  if (body === null) return null
  return { response: { status, headers, body: body.content }, length: bodyStart + body.length }
}

function takeBody(
  head: WireResponse,
  bytes: Buffer,
  isHead: boolean,
): { content: Buffer; length: number } | null {
  const length = headerOf(head, 'content-length')
  const coding = headerOf(head, 'transfer-encoding')
  if (length !== null && coding !== null) throw new Error('the response has two kinds of length')
  if (length !== null && !/^\d+$/.test(length)) throw new Error(`no length: ${length}`)
  const { status } = head
  // A parser's refusal has a body whatever the method, which the parser may never have got to see.
  const isBare = isHead && !(status >= 400 && bytes.subarray(0, 9).toString('latin1') === '{"error":')
  if (isBare || status < 200 || status === 204 || status === 304) {
    return { content: Buffer.alloc(0), length: 0 }
  }
  if (length !== null) {
    const size = Number(length)
    return bytes.length < size ? null : { content: bytes.subarray(0, size), length: size }
  }
  if (coding === 'chunked') return takeChunks(bytes)
  // What was asked for in an older version of HTTP ends with the connection.
  if (headerOf(head, 'connection') === 'close') return { content: bytes, length: bytes.length }
  throw new Error(`a response ${status} without a length`)
}

/** The content of a chunked body; null when it is not complete. */
function takeChunks(bytes: Buffer): { content: Buffer; length: number } | null {
  const { chunks, at, isComplete } = scanChunks(bytes)
  return isComplete ? { content: Buffer.concat(chunks), length: at } : null
}

/** The whole chunks of a body that may still be going on. */
export function scanChunks(bytes: Buffer): { chunks: Buffer[]; at: number; isComplete: boolean } {
  const chunks: Buffer[] = []
  let at = 0
  for (;;) {
    const lineEnd = bytes.indexOf(CRLF, at)
    if (lineEnd === -1) return { chunks, at, isComplete: false }
    const sizeText = bytes.subarray(at, lineEnd).toString('latin1')
    if (!/^[0-9a-fA-F]+$/.test(sizeText)) throw new Error(`no chunk size: ${JSON.stringify(sizeText)}`)
    const start = lineEnd + 2
    const end = start + parseInt(sizeText, 16)
    if (bytes.length < end + 2) return { chunks, at, isComplete: false }
    if (bytes.toString('latin1', end, end + 2) !== CRLF) throw new Error('a chunk does not end')
    if (end === start) return { chunks, at: end + 2, isComplete: true }
    chunks.push(bytes.subarray(start, end))
    at = end + 2
  }
}
