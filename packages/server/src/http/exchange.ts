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
  /** The body's length as the client announced it; 0 when there is no body, null when only its end will tell. */
  readonly bodyLength: number | null
  /**
   * The whole body, or a {@link ClientGone}. Called at most once.
   *
   * @param check called with the number of bytes received so far; what it throws ends the reading
   */
  readBody(check: (receivedBytes: number) => void): PromiseLike<Uint8Array>
  /** Calls `run` when the client goes away before the response is complete. */
  onAbort(run: () => void): void
}

/** The client went away before its request was complete; nobody waits for an answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client is gone')
    this.name = 'ClientGone'
  }
}

/** A response, ready to be sent by any runtime. */
export interface HttpReply {
  readonly status: number
  /**
   * Names and values in turn. `Content-Length` is the binding's business. Whoever passes the reply on may add to
   * them, so no two replies share them.
   */
  readonly headers: string[]
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
