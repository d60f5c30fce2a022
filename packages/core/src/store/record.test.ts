import type { StreamRecord } from './record.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import { NEVER } from '../protocol/expiry.js'
import { vanishesAt } from './record.js'
import { describe, expect, it } from 'vitest'

const source = { path: 'source' as StreamPath, streamId: '1000000000000002' as StreamId }

function recordOf(over: Partial<StreamRecord>): StreamRecord {
  return {
    streamId: '1000000000000001' as StreamId,
    state: 'live',
    contentType: 'text/plain',
    createdAt: 0,
    start: 0,
    base: 0,
    tail: 0,
    closed: false,
    closedBy: null,
    lastStreamSeq: null,
    expiry: { kind: 'ttl', seconds: 2 },
    lineage: [],
    origin: null,
    forkDepth: 0,
    forkCount: 0,
    pendingForks: [],
    producerCount: 0,
    unsettledSince: null,
    ...over,
  }
}

describe('a stream may vanish without a word', () => {
  it('from the moment when it expires', () => {
    expect(vanishesAt(recordOf({}), 500)).toBe(2_500)
    expect(vanishesAt(recordOf({ expiry: { kind: 'at', atMs: 9 } }), 500)).toBe(9)
  })

  it.each<[string, Partial<StreamRecord>]>([
    ['does not expire', { expiry: NEVER }],
    ['is held by a fork', { forkCount: 1 }],
    ['may be held by a fork', { pendingForks: [{ ...source, since: 0 }] }],
    ['holds its source', { origin: { ...source, anchor: 0, subOffset: 0 } }],
    ['is soft-deleted', { state: 'soft-deleted' }],
    ['still has to let go of its source', { state: 'removing' }],
  ])('but never while it %s', (_, over) => {
    expect(vanishesAt(recordOf(over), 500)).toBe(Infinity)
  })
})
