import type { AckedOffset, StreamLink } from './subscription-state.js'
import type { Offset, StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamState } from '../decide/stream-state.js'
import type { StreamStore } from '../store/contract.js'
import { checkPoint, lifecycleOf, offsetAt } from '../decide/stream-state.js'
import { parseOffset } from '../protocol/offset.js'

/** What is known of some streams: the record, or null for one that does not live. */
export type StreamTails = ReadonlyMap<StreamPath, StreamRecord | null>

/** One stream of a wake as workers see it. @see PROTOCOL §7.1, §7.2 */
export interface PendingStream {
  readonly path: StreamPath
  readonly linkType: 'glob' | 'explicit'
  readonly acked: AckedOffset
  readonly tail: Offset
}

/** How many loads a reader of tails has under way at a time. */
const AT_ONCE = 32
const NO_KEYS: readonly string[] = []

/** Loads streams, some at a time; those in `known` are taken from there. */
export async function loadTails(
  store: StreamStore,
  paths: readonly StreamPath[],
  now: () => number,
  known?: ReadonlyMap<StreamPath, StreamRecord | null>,
): Promise<Map<StreamPath, StreamRecord | null>> {
  const tails = new Map<StreamPath, StreamRecord | null>()
  const load = async (path: StreamPath): Promise<void> => {
    tails.set(path, liveRecord(await store.load(path, NO_KEYS), now()))
  }
  for (let i = 0; i < paths.length; i += AT_ONCE) {
    const loading: Promise<void>[] = []
    for (const path of paths.slice(i, i + AT_ONCE)) {
      const record = known?.get(path)
      if (record === undefined || record === null) loading.push(load(path))
      else tails.set(path, record)
    }
    await Promise.all(loading)
  }
  return tails
}

/** The record of a stream that requests find alive. */
export function liveRecord(state: StreamState | null, now: number): StreamRecord | null {
  return state !== null && lifecycleOf(state, now) === 'live' ? state.record : null
}

/** The offset of a stream's tail. */
export function tailOf(record: StreamRecord): Offset {
  return offsetAt(record, record.tail)
}

/** The position up to which a stream was processed; null if that was another stream which had this path before. */
function processedPosition(record: StreamRecord, acked: AckedOffset): number | null {
  const point = acked === '-1' ? null : parseOffset(acked)
  if (point === null) return 0
  return checkPoint(record, point) === 'foreign' ? null : point.position
}

/** The position from which a stream is still to be processed. */
export function ackedPosition(record: StreamRecord, acked: AckedOffset): number {
  return processedPosition(record, acked) ?? 0
}

/** Whether a stream has something that was not processed. */
export function isBehind(record: StreamRecord, acked: AckedOffset): boolean {
  return record.tail > ackedPosition(record, acked)
}

/** A stream as a wake tells of it. A cursor of an earlier stream at the path is of no use to anybody. */
export function describePending(path: StreamPath, link: StreamLink, record: StreamRecord): PendingStream {
  return {
    path,
    linkType: link.isExplicit ? 'explicit' : 'glob',
    acked: processedPosition(record, link.acked) === null ? '-1' : link.acked,
    tail: tailOf(record),
  }
}
