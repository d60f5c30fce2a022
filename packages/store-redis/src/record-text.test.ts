import type { StreamRecord } from '@ds/core'
import { readRecord, writeRecord } from './record-text.js'
import { idOf, pathOf, recordOf } from '../test/changes.js'
import { expect, it } from 'vitest'

const origin = { path: pathOf('src'), streamId: idOf('src'), anchor: 3, subOffset: 1 }

it.each<Partial<StreamRecord>>([
  {},
  { tail: 5, closed: true, closedBy: { id: 'p', epoch: 0, seq: 1 }, lastStreamSeq: '' },
  {
    state: 'removing',
    start: 1,
    base: 4,
    tail: 9,
    forkDepth: 2,
    forkCount: 1,
    producerCount: 3,
    unsettledSince: 0,
  },
  {
    expiry: { kind: 'ttl', seconds: 5 },
    origin,
    lineage: [{ path: origin.path, streamId: origin.streamId, end: 4 }],
  },
  { expiry: { kind: 'at', atMs: 9 }, pendingForks: [{ streamId: idOf('f'), path: pathOf('f'), since: 7 }] },
])('a record comes back as it was: %o', (over) => {
  const record = recordOf(over)
  expect(readRecord(writeRecord(record), record.tail)).toEqual(record)
})

it('a usual record is short, and names its incarnation', () => {
  const text = writeRecord(recordOf({ tail: 7 }))
  expect(text).toBe('{"streamId":"000000000000000s","contentType":"text/plain","createdAt":0}')
})

it('what a later version adds to records is kept', () => {
  const record = { ...recordOf(), later: null, more: [] }
  expect(readRecord(writeRecord(record), record.tail)).toEqual(record)
})
