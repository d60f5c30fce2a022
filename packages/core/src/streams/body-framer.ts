import type { Environment, StreamLimits } from './environment.js'
import type { MaybePromise } from '../store/contract.js'
import type { RequestBody } from '../decide/request-body.js'
import type { StreamPath } from '../protocol/branded.js'
import { JsonFraming } from '../framing/json-messages.js'
import { StreamFault } from './environment.js'
import { frameBody, isJsonBody } from '../decide/request-body.js'

/** How much of a long body is framed at a time, which takes some milliseconds at worst. */
const STEP_BYTES = 512 << 10

/**
 * Frames request bodies: short ones at once, and long ones of JSON a step at a time, one after the other, so that
 * nobody else has to wait for all of it. What comes for a stream while a long body is in the works does not overtake it.
 */
export class BodyFramer {
  readonly #environment: Environment
  readonly #limits: StreamLimits
  /** The end of the long body that came last, over all and for each stream that has one in the works. */
  #last: Promise<unknown> = Promise.resolve()
  readonly #lastOf = new Map<StreamPath, Promise<unknown>>()
  #waitingBytes = 0

  constructor(environment: Environment, limits: StreamLimits) {
    this.#environment = environment
    this.#limits = limits
  }

  /** @throws a {@link StreamFault} `overloaded` when too many bytes wait */
  frame(path: StreamPath, contentType: string | null, bytes: Uint8Array): MaybePromise<RequestBody> {
    const isLong = bytes.length > STEP_BYTES && isJsonBody(contentType, bytes)
    const before = this.#lastOf.size === 0 ? undefined : this.#lastOf.get(path)
    if (!isLong && before === undefined) return frameBody(contentType, bytes)
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes.length > this.#limits.maxQueuedBytes) {
      throw new StreamFault('overloaded', 'too many long bodies are waiting to be framed')
    }
    const framing = isLong
      ? this.#last.then(() => this.#frameInSteps(bytes))
      : before!.then(() => frameBody(contentType, bytes))
    this.#keepOrder(path, bytes.length, isLong, framing)
    return framing
  }

  #keepOrder(path: StreamPath, length: number, isLong: boolean, framing: Promise<unknown>): void {
    this.#waitingBytes += length
    const end = framing.then(
      () => void (this.#waitingBytes -= length),
      () => void (this.#waitingBytes -= length),
    )
    if (!isLong) return
    this.#last = end
    this.#lastOf.set(path, end)
    void end.then(() => {
      if (this.#lastOf.get(path) === end) this.#lastOf.delete(path)
    })
  }

  async #frameInSteps(bytes: Uint8Array): Promise<RequestBody> {
    const framing = new JsonFraming(bytes)
    for (let pauseAt = STEP_BYTES; ; pauseAt += STEP_BYTES) {
      const stored = framing.advance(pauseAt)
      if (stored !== null) return { length: bytes.length, stored }
      await new Promise<void>((resolve) => this.#environment.defer(resolve))
    }
  }
}
