import type { HandlerSettings } from './options.js'
import type { HttpRequest } from './exchange.js'
import { BodyError } from './exchange.js'
import { Refusal } from './errors.js'
import { parseDigits } from '@ds/core'

/** Bodies up to this length are not counted: connections bound how many there can be. */
const UNCOUNTED_BYTES = 4096

/** Receives request bodies, within a bound for each and a bound for all of them. */
export class BodyIntake {
  readonly #settings: HandlerSettings
  #receivingBytes = 0

  constructor(settings: HandlerSettings) {
    this.#settings = settings
  }

  /** The whole body; a body is appended as one, so it is never looked at before it is complete. */
  receive(request: HttpRequest): Promise<Uint8Array> {
    const limit = this.#settings.maxBodyBytes
    const announced = this.#announcedLength(request)
    if (announced !== null && announced > limit) throw tooLarge(limit)
    if (announced !== null && announced <= UNCOUNTED_BYTES) return request.readBody(announced)
    // A chunked body is counted as if it took all that it may.
    return this.#receiveCounted(request, announced ?? limit)
  }

  async #receiveCounted(request: HttpRequest, reserved: number): Promise<Uint8Array> {
    const { maxBodyBytes, maxReceivingBytes } = this.#settings
    if (this.#receivingBytes > 0 && this.#receivingBytes + reserved > maxReceivingBytes) {
      throw new Refusal('OVERLOADED', 'too many bodies are being received')
    }
    this.#receivingBytes += reserved
    try {
      return await request.readBody(maxBodyBytes)
    } catch (error) {
      if (error instanceof BodyError && error.code === 'too-large') throw tooLarge(maxBodyBytes)
      throw error
    } finally {
      this.#receivingBytes -= reserved
    }
  }

  #announcedLength(request: HttpRequest): number | null {
    const text = request.header('content-length')
    if (text === undefined) return request.header('transfer-encoding') === undefined ? 0 : null
    return parseDigits(text)
  }
}

function tooLarge(limit: number): Refusal {
  return new Refusal('BODY_TOO_LARGE', `a body has at most ${limit} bytes`, ['connection', 'close'])
}
