import type { ContentKind } from '../protocol/content-type.js'
import type { OffsetRequest } from '../protocol/offset.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import { checkPoint, lifecycleOf } from './stream-state.js'
import { contentKindOf } from '../protocol/content-type.js'

/** Why a stream cannot be read from where it was asked for. @see PROTOCOL §5.6, §8 */
export type ReadRefusal =
  | { readonly kind: 'not-found' }
  | { readonly kind: 'gone' }
  /** The offset is none that this stream has handed out. */
  | { readonly kind: 'offset-invalid' }
  /** The offset belongs to an incarnation that this path no longer has, or to bytes that were dropped. */
  | { readonly kind: 'offset-gone' }

/** A stream that can be read, and where the read begins. */
export interface ReadStart {
  readonly kind: 'start'
  readonly record: StreamRecord
  readonly position: number
  readonly content: ContentKind
}

/** Decides where a read begins; null stands for a request without offset, which begins at the start. */
export function decideReadStart(
  state: StreamState | null,
  offset: OffsetRequest | null,
  now: number,
): ReadStart | ReadRefusal {
  const lifecycle = lifecycleOf(state, now)
  if (state === null || lifecycle === 'absent') return { kind: 'not-found' }
  if (lifecycle === 'gone') return { kind: 'gone' }
  const { record } = state
  const start = (position: number): ReadStart => {
    return { kind: 'start', record, position, content: contentKindOf(record.contentType) }
  }
  if (offset === null || offset.kind === 'start') return start(record.start)
  if (offset.kind === 'now') return start(record.tail)
  switch (checkPoint(record, offset.point)) {
    case 'ok':
      return start(offset.point.position)
    case 'beyond-tail':
      return { kind: 'offset-invalid' }
    case 'foreign':
    case 'before-start':
      return { kind: 'offset-gone' }
  }
}
