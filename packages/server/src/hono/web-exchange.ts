import type { HttpReply, HttpRequest, LiveBody } from '../http/exchange.js'
import { ClientGone, isLiveBody } from '../http/exchange.js'
import { UNCOUNTED_BYTES } from '../http/body-intake.js'
import { joinBytes, parseDigits, totalLength } from '@ds/core'

/** How much a live body may hold for a client that does not read, in bytes. */
const LIVE_BUFFER_BYTES = 64 << 10

/** A web-standard Request as the handler sees it. */
export class WebRequest implements HttpRequest {
  readonly #request: Request
  readonly #isHttp1: boolean
  readonly target: string

  /**
   * @param target the request line's target where the runtime knows it; a Request holds only its normal form
   * @param isHttp1 whether it came over HTTP/1, where a request that announces no body has none
   */
  constructor(request: Request, target: string, isHttp1 = false) {
    this.#request = request
    this.#isHttp1 = isHttp1
    this.target = target
  }

  get method(): string {
    return this.#request.method
  }

  get origin(): string {
    const { url } = this.#request
    return url.slice(0, url.indexOf('/', url.indexOf('://') + 3))
  }

  header(name: string): string | undefined {
    return this.#request.headers.get(name) ?? undefined
  }

  onAbort(run: () => void): void {
    const { signal } = this.#request
    if (signal.aborted) run()
    else signal.addEventListener('abort', run, { once: true })
  }

  get bodyLength(): number | null {
    const length = this.#request.headers.get('content-length')
    if (length !== null) return parseDigits(length)
    if (this.#isHttp1 && !this.#request.headers.has('transfer-encoding')) return 0
    return this.#request.body === null ? 0 : null
  }

  async readBody(check: (receivedBytes: number) => void): Promise<Uint8Array> {
    const announced = this.bodyLength
    if (announced === 0) return new Uint8Array(0)
    if (announced === null || announced > UNCOUNTED_BYTES) return this.#readChunks(check)
    // Runtimes take a body as a whole much faster than chunk by chunk.
    const body = await this.#request.arrayBuffer().catch(() => {
      throw new ClientGone()
    })
    check(body.byteLength)
    return new Uint8Array(body)
  }

  async #readChunks(check: (receivedBytes: number) => void): Promise<Uint8Array> {
    const reader = this.#request.body!.getReader()
    const chunks: Uint8Array[] = []
    let length = 0
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw new ClientGone()
      })
      if (done) return joinBytes(chunks)
      length += value.length
      check(length)
      chunks.push(value)
    }
  }
}

/**
 * A reply as a web-standard Response.
 *
 * @param cutOff breaks the connection off, where the runtime has a way that it does not take for a fault
 */
export function toResponse(reply: HttpReply, cutOff?: () => void): Response {
  const { status, body } = reply
  const headers = toRecord(reply.headers)
  if (isLiveBody(body)) return new Response(streamOf(body, cutOff), { status, headers })
  if (body === null) return new Response(null, { status, headers })
  headers['content-length'] = String(totalLength(body))
  return new Response(joinBytes(body) as Uint8Array<ArrayBuffer>, { status, headers })
}

/** Headers as a plain object, which runtimes take fastest; a name that comes twice becomes a list. RFC 9110 §5.3 */
function toRecord(headers: readonly string[]): Record<string, string> {
  const record: Record<string, string> = {}
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!
    const before = record[name]
    record[name] = before === undefined ? headers[i + 1]! : `${before}, ${headers[i + 1]!}`
  }
  return record
}

function streamOf(body: LiveBody, cutOff?: () => void): ReadableStream<Uint8Array> {
  let hasEnded = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const finish = (act: () => void): void => {
          if (hasEnded) return
          hasEnded = true
          act()
          body.onClose()
        }
        body.open({
          write(chunk) {
            if (hasEnded) return false
            controller.enqueue(chunk)
            return (controller.desiredSize ?? 0) > 0
          },
          end: () => finish(() => controller.close()),
          destroy: () => finish(cutOff ?? (() => controller.error(new Error('the client does not read')))),
        })
      },
      pull: () => body.onDrain(),
      cancel() {
        hasEnded = true
        body.onClose()
      },
    },
    { highWaterMark: LIVE_BUFFER_BYTES, size: (chunk) => chunk.length },
  )
}
