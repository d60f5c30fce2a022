import type { HttpReply, HttpRequest, LiveBody } from '../http/exchange.js'
import { ClientGone, isLiveBody } from '../http/exchange.js'
import { joinBytes, parseDigits, totalLength } from '@ds/core'

/** How much a live body may hold for a client that does not read, in bytes. */
const LIVE_BUFFER_BYTES = 64 << 10

/** A web-standard Request as the handler sees it. */
export class WebRequest implements HttpRequest {
  readonly #request: Request
  readonly target: string

  /** @param target the request line's target where the runtime knows it; a Request holds only its normal form */
  constructor(request: Request, target: string) {
    this.#request = request
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
    if (this.#request.body === null) return 0
    const length = this.#request.headers.get('content-length')
    return length === null ? null : parseDigits(length)
  }

  async readBody(check: (receivedBytes: number) => void): Promise<Uint8Array> {
    const { body } = this.#request
    if (body === null) return new Uint8Array(0)
    const reader = body.getReader()
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
  const headers = new Headers()
  for (let i = 0; i < reply.headers.length; i += 2) headers.append(reply.headers[i]!, reply.headers[i + 1]!)
  const { status, body } = reply
  if (isLiveBody(body)) return new Response(streamOf(body, cutOff), { status, headers })
  if (body === null) return new Response(null, { status, headers })
  headers.set('content-length', String(totalLength(body)))
  return new Response(joinBytes(body) as Uint8Array<ArrayBuffer>, { status, headers })
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
