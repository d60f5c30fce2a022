import type { HandlerSettings } from './options.js'
import type { HttpRequest } from './exchange.js'
import { Refusal } from './errors.js'

/** Bodies up to this length are not counted: connections bound how many there can be. */
export const UNCOUNTED_BYTES = 4096

/** What a request without a body brings. */
export const NO_BODY: Promise<Uint8Array> = Promise.resolve(new Uint8Array(0))

/** Receives request bodies, within a bound for each and a bound for all of them. */
export class BodyIntake {
  readonly #settings: HandlerSettings
  readonly #checkLength: (receivedBytes: number) => void
  #receivingBytes = 0

  constructor(settings: HandlerSettings) {
    this.#settings = settings
    this.#checkLength = (receivedBytes) => {
      if (receivedBytes > settings.maxBodyBytes) throw this.#tooLarge()
    }
  }

  /** The whole body; a body is appended as one, so it is never looked at before it is complete. */
  receive(request: HttpRequest): PromiseLike<Uint8Array> {
    const announced = request.bodyLength
    if (announced === 0) return NO_BODY
    refuseCodings(request)
    if (announced === null || announced > UNCOUNTED_BYTES)
      return this.#receiveCounted(request, announced ?? 0)
    return request.readBody(this.#checkLength)
  }

  async #receiveCounted(request: HttpRequest, announced: number): Promise<Uint8Array> {
    if (announced > this.#settings.maxBodyBytes) throw this.#tooLarge()
    if (this.#receivingBytes + announced > this.#settings.maxReceivingBytes) throw overloaded()
    let counted = 0
    try {
      return await request.readBody((receivedBytes) => {
        this.#checkLength(receivedBytes)
        this.#receivingBytes += receivedBytes - counted
        counted = receivedBytes
        if (this.#receivingBytes > this.#settings.maxReceivingBytes) throw overloaded()
      })
    } finally {
      this.#receivingBytes -= counted
    }
  }

  #tooLarge(): Refusal {
    return new Refusal('BODY_TOO_LARGE', `a body has at most ${this.#settings.maxBodyBytes} bytes`)
  }
}

/** A body is stored as it came, so one in a coding that readers are not told of would mean nothing to them. */
function refuseCodings(request: HttpRequest): void {
  const encoding = request.header('content-encoding') ?? 'identity'
  const transfer =
    (request.bodyLength === null ? request.header('transfer-encoding') : undefined) ?? 'chunked'
  if (encoding.toLowerCase() === 'identity' && transfer.toLowerCase() === 'chunked') return
  throw new Refusal(
    'UNSUPPORTED_ENCODING',
    'bodies are taken in no content coding, and chunked or in no transfer coding',
    // RFC 9110 §15.5.16
    ['accept-encoding', 'identity'],
  )
}

function overloaded(): Refusal {
  return new Refusal('OVERLOADED', 'too many bodies are being received')
}
