import { check, equal, fail, isSame, show } from './assertions.js'
import { H } from './wire-names.js'

/** Headers that a failure need not show; one about them names them itself. */
const UNINTERESTING = /^(?:access-control-.*|connection|keep-alive|date|server)$/i

/** What was sent, kept so that a failure can name it. */
export interface SentRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | 'streamed'
}

/** What came back, its body read to the end. */
export interface ReceivedResponse {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  readonly elapsedMs: number
}

/** One request and its whole response, with assertions that name both when they fail. */
export class Exchange {
  readonly request: SentRequest
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
  /** Time from sending the request to the end of the response. */
  readonly elapsedMs: number

  constructor(request: SentRequest, response: ReceivedResponse) {
    this.request = request
    this.status = response.status
    this.headers = response.headers
    this.bytes = response.bytes
    this.elapsedMs = response.elapsedMs
  }

  /** The body as UTF-8, a byte order mark included. */
  get text(): string {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.bytes)
  }

  get json(): unknown {
    try {
      return JSON.parse(this.text) as unknown
    } catch {
      return this.fail(`expected a JSON body, got ${show(this.text)}`)
    }
  }

  /** The `Stream-Next-Offset` of the response, which must be a real offset and no sentinel. */
  get nextOffset(): string {
    const offset = this.requireHeader(H.nextOffset)
    if (offset === '' || offset === '-1' || offset === 'now') {
      this.fail(`expected ${H.nextOffset} to be a real offset, got ${show(offset)}`)
    }
    return offset
  }

  header(name: string): string | null {
    return this.headers.get(name)
  }

  requireHeader(name: string): string {
    return this.header(name) ?? this.fail(`expected the header ${name}, which is absent`)
  }

  expectStatus(...allowed: readonly number[]): this {
    if (!allowed.includes(this.status)) {
      this.fail(`expected status ${allowed.join(' or ')}, got ${this.status}`)
    }
    return this
  }

  expectHeader(name: string, expected: string | RegExp): this {
    const actual = this.requireHeader(name)
    const matches = typeof expected === 'string' ? actual === expected : expected.test(actual)
    if (!matches) {
      this.fail(
        `expected the header ${name} to be ${typeof expected === 'string' ? show(expected) : String(expected)}, got ${show(actual)}`,
      )
    }
    return this
  }

  expectNoHeader(name: string): this {
    const actual = this.header(name)
    if (actual !== null) this.fail(`expected no header ${name}, got ${show(actual)}`)
    return this
  }

  /** Media types compare by type and subtype; parameters are the server's to add or keep. */
  expectMediaType(expected: string): this {
    const actual = this.requireHeader(H.contentType).split(';', 1)[0]?.trim().toLowerCase()
    if (actual !== expected) this.fail(`expected media type ${expected}, got ${show(actual)}`)
    return this
  }

  expectBody(expected: string | Uint8Array): this {
    if (typeof expected === 'string') equal(this.text, expected, 'unexpected body', this.describe())
    else equal(this.bytes, expected, 'unexpected body', this.describe())
    return this
  }

  expectJson(expected: unknown): this {
    const actual = this.json
    if (!isSame(actual, expected)) this.fail(`expected the JSON ${show(expected)}, got ${show(actual)}`)
    return this
  }

  expectWithin(limitMs: number): this {
    check(
      this.elapsedMs <= limitMs,
      `expected an answer within ${limitMs} ms, it took ${Math.round(this.elapsedMs)} ms`,
      this.describe(),
    )
    return this
  }

  fail(message: string): never {
    return fail(message, this.describe())
  }

  /** The request and the response in a few lines, for a failure message. */
  describe(): string {
    const { method, target, headers, body } = this.request
    const lines = [
      `  request:  ${method} ${target}`,
      ...Object.entries(headers).map(([n, v]) => `            ${n}: ${v}`),
    ]
    if (body !== undefined)
      lines.push(`            body ${body === 'streamed' ? '<streamed>' : show(printable(body))}`)
    lines.push(`  response: ${this.status}`)
    this.headers.forEach((value, name) => {
      if (!UNINTERESTING.test(name)) lines.push(`            ${name}: ${value}`)
    })
    if (this.bytes.length > 0) lines.push(`            body ${show(printable(this.bytes))}`)
    return lines.join('\n')
  }
}

function printable(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes
  }
}
