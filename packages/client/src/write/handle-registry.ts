import type { HandleCore } from './handle-core.js'
import type { StreamWriter } from './stream-writer.js'
import { streamError } from '../errors/durable-stream-error.js'

interface Inside {
  readonly core: HandleCore
  readonly writer: StreamWriter
}

const insides = new WeakMap<object, Inside>()

/** Lets the other parts of this package work on a handle, without making its inside public. */
export function registerCore(handle: object, core: HandleCore, writer: StreamWriter): void {
  insides.set(handle, { core, writer })
}

export function insideOf(handle: object): Inside {
  const inside = insides.get(handle)
  if (inside === undefined)
    throw streamError('INVALID_OPTION', 'a producer needs a DurableStream of this package')
  return inside
}
