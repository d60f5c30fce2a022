import type { AppendRequest } from '../decide/append.js'
import type { CreateRequest } from '../decide/create.js'
import type { LiveRead } from './live-batch.js'
import type { Offset } from '../protocol/branded.js'
import type { ReadRefusal } from '../decide/read.js'
import type { StreamInfo } from '../decide/stream-state.js'

/** A creation with its first content. @see PROTOCOL §5.1 */
export interface CreateStream extends CreateRequest {
  readonly body: Uint8Array
}

/** An append as it was received. @see PROTOCOL §5.2 */
export interface AppendToStream extends Omit<AppendRequest, 'body'> {
  readonly body: Uint8Array
}

/** What HEAD tells. @see PROTOCOL §5.5 */
export type HeadOutcome =
  | { readonly kind: 'found'; readonly stream: StreamInfo }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'gone' }

/** One page of a catch-up read. @see PROTOCOL §5.6 */
export interface ReadPage {
  readonly kind: 'page'
  readonly stream: StreamInfo
  readonly from: number
  readonly to: number
  /** The offset to go on from. */
  readonly next: Offset
  /** In stored form: JSON messages are not wrapped yet. */
  readonly pieces: readonly Uint8Array[]
  /** Whether the page reaches the tail. */
  readonly upToDate: boolean
  /** Whether the stream is closed and the page reaches its end. */
  readonly closed: boolean
}

export type ReadOutcome = ReadPage | ReadRefusal

/** A live read that has begun, or why it has not. @see PROTOCOL §5.7, §5.8 */
export type FollowOutcome =
  | {
      readonly kind: 'following'
      readonly stream: StreamInfo
      readonly from: Offset
      readonly live: LiveRead
    }
  | ReadRefusal
