import type { SequentialModel } from './check-linearizable.js'
import type { TextDigest } from './digest.js'
import { EMPTY_DIGEST, extendDigest, formatDigest } from './digest.js'
import { UNKNOWN } from './history.js'

/** What a client asks of one stream. Positions and lengths count characters: give bytes as `latin1`. */
export type LogInput =
  /** `id` names the message for a server that tells repeated ones, such as `producer:epoch:seq`. */
  | { readonly op: 'append'; readonly data: string; readonly id?: string; readonly close?: boolean }
  | { readonly op: 'close' }
  /** From a position that the client was given. */
  | { readonly op: 'read'; readonly from: number }
  | { readonly op: 'head' }

/** What it was told. A `tail` that the server did not tell is left out. */
export type LogOutput =
  | { readonly kind: 'appended'; readonly tail?: number }
  /** The message had been appended before. */
  | { readonly kind: 'duplicate'; readonly tail?: number }
  /** Nothing was appended because the stream is closed; or, of a `close`, it is closed now. */
  | { readonly kind: 'closed'; readonly tail?: number }
  /** It certainly did not happen, for a reason of no interest, such as a load that is too high. */
  | { readonly kind: 'refused' }
  /** `upToDate`: nothing followed `data`. `closed`: nothing ever will. */
  | { readonly kind: 'data'; readonly data: string; readonly upToDate: boolean; readonly closed: boolean }
  | { readonly kind: 'head'; readonly tail: number; readonly closed: boolean }

export interface LogState {
  readonly content: string
  readonly digest: TextDigest
  readonly ids: ReadonlySet<string>
  readonly closed: boolean
}

/**
 * A stream as the protocol promises it to clients: an append-only log that may be closed, in which a message with an
 * id is at most once. It is for histories that were taken over HTTP or at the engine.
 */
export const appendLogModel: SequentialModel<LogState, LogInput, LogOutput> = {
  initial: () => ({ content: '', digest: EMPTY_DIGEST, ids: new Set(), closed: false }),
  step(state, input, output) {
    if (output !== UNKNOWN && output.kind === 'refused') return state
    switch (input.op) {
      case 'append':
        return stepAppend(state, input, output)
      case 'close':
        return stepClose(state, output)
      case 'read':
        return output !== UNKNOWN && output.kind === 'data' && fitsRead(state, input.from, output)
          ? state
          : null
      case 'head':
        return output !== UNKNOWN &&
          output.kind === 'head' &&
          output.tail === state.content.length &&
          output.closed === state.closed
          ? state
          : null
    }
  },
  keyOf: ({ content, digest, closed }) =>
    `${content.length}:${formatDigest(digest)}${closed ? ':closed' : ''}`,
}

function stepAppend(
  state: LogState,
  input: Extract<LogInput, { op: 'append' }>,
  output: LogOutput | typeof UNKNOWN,
): LogState | null {
  const isRepeated = input.id !== undefined && state.ids.has(input.id)
  if (output !== UNKNOWN) {
    if (output.kind === 'duplicate') return isRepeated && fitsTail(state, output.tail) ? state : null
    if (output.kind === 'closed') return state.closed && fitsTail(state, output.tail) ? state : null
    if (output.kind !== 'appended') return null
  }
  const { data, id, close = false } = input
  const content = state.content + data
  const isTold = output !== UNKNOWN && output.tail !== undefined
  if (isRepeated || state.closed || (isTold && output.tail !== content.length)) return null
  const digest = extendDigest(state.digest, id === undefined ? data : `${data}\0${id}\0`)
  const ids = id === undefined ? state.ids : new Set(state.ids).add(id)
  return { content, digest, ids, closed: close }
}

function stepClose(state: LogState, output: LogOutput | typeof UNKNOWN): LogState | null {
  if (output === UNKNOWN) return state.closed ? null : { ...state, closed: true }
  if (output.kind !== 'closed' || !fitsTail(state, output.tail)) return null
  return state.closed ? state : { ...state, closed: true }
}

function fitsTail(state: LogState, tail: number | undefined): boolean {
  return tail === undefined || tail === state.content.length
}

function fitsRead(state: LogState, from: number, output: Extract<LogOutput, { kind: 'data' }>): boolean {
  const end = from + output.data.length
  if (state.content.length < end || !state.content.startsWith(output.data, from)) return false
  const isAtTail = end === state.content.length
  // A page may end where it likes unless it says that nothing follows.
  return (!output.upToDate || isAtTail) && (!output.closed || (isAtTail && state.closed))
}
