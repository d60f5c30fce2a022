import type { AppendValue } from './message-encoding.js'
import { IdempotentProducer } from '../producer/idempotent-producer.js'
import type { IdempotentProducerOptions } from '../producer/producer-options.js'

/** Options of `writable`. */
export type WritableOptions = Pick<
  IdempotentProducerOptions,
  'headers' | 'lingerMs' | 'maxBatchBytes' | 'onError' | 'signal'
> & {
  /** The producer's name. Without it each writable is a producer of its own, which the server keeps in mind. */
  producerId?: string
}

/**
 * A stream whose writes are appended exactly once. Closing it closes the durable stream, after what waits; `pipeTo`
 * does that unless it is told `preventClose`.
 */
export function createWritable(handle: object, options: WritableOptions): WritableStream<AppendValue> {
  const { producerId = randomId(), ...own } = options
  const producer = new IdempotentProducer(handle, producerId, {
    autoClaim: options.producerId !== undefined,
    ...own,
  })
  return new WritableStream<AppendValue>({
    async write(chunk, controller) {
      await producer.ready
      producer.append(chunk).catch((error: unknown) => controller.error(error))
    },
    async close() {
      await producer.close()
    },
    abort: () => producer.abandon(),
  })
}

/** A name that nobody else has. `crypto.randomUUID` is missing on pages without HTTPS. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return `writable-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
