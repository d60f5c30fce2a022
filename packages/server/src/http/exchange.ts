/**
 * A request as the handler sees it, whichever runtime it came from. Nothing in it has been normalised: what a
 * path may look like is decided once, by `parseStreamPath`.
 */
export interface HttpRequest {
  readonly method: string
  /** Path and query as they stood in the request line. */
  readonly target: string
  /** The scheme and host that the client used, such as `http://localhost:4437`. */
  readonly origin: string
  /** A header's value by its lower-case name. */
  header(name: string): string | undefined
  /** The whole body, or a {@link BodyError}. Called at most once. */
  readBody(limitBytes: number): Promise<Uint8Array>
  /** Calls `run` when the client goes away before the response is complete. */
  onAbort(run: () => void): void
}

/** Why a body could not be had. */
export type BodyErrorCode =
  /** It is longer than allowed; the rest was not read. */
  | 'too-large'
  /** The client went away. */
  | 'aborted'

export class BodyError extends Error {
  readonly code: BodyErrorCode
  constructor(code: BodyErrorCode) {
    super(code)
    this.name = 'BodyError'
    this.code = code
  }
}

/** A response, ready to be sent by any runtime. */
export interface HttpReply {
  readonly status: number
  /** Names and values in turn. `Content-Length` is the binding's business. */
  readonly headers: readonly string[]
  readonly body: ReplyBody
}

/** Nothing, all of it, or something that goes on. */
export type ReplyBody = null | readonly Uint8Array[] | LiveBody

/** A body that is written as its stream grows. The binding opens it once the head is sent. */
export interface LiveBody {
  open(sink: LiveSink): void
  /** The sink has room again, after a `write` that returned false. */
  onDrain(): void
  /** The client is gone; nothing may be written any more. */
  onClose(): void
}

/** Where a live body goes. */
export interface LiveSink {
  /** Hands a chunk over; false when the next one should wait for `onDrain`. */
  write(chunk: Uint8Array): boolean
  /** Ends the response in good order. */
  end(): void
  /** Breaks the connection off, for a client that does not read. */
  destroy(): void
}

/** True for a body that goes on. */
export function isLiveBody(body: ReplyBody): body is LiveBody {
  return body !== null && !Array.isArray(body)
}
