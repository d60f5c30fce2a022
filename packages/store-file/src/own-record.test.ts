import type { StreamRecord } from '@ds/core'
import { copyRecord, hasSameRest, overwriteRecord } from './own-record.js'
import { expect, test } from 'vitest'
import { recordOf } from '../test/changes.js'

/** Another value for every field, so that one that is forgotten is noticed. */
const OTHER: Required<Omit<StreamRecord, 'streamId'>> = {
  state: 'removing',
  contentType: 'text/other',
  createdAt: 99,
  start: 3,
  base: 2,
  tail: 1_000,
  closed: true,
  closedBy: { id: 'p', epoch: 1, seq: 2 },
  lastStreamSeq: 'z',
  expiry: { kind: 'ttl', seconds: 5 },
  lineage: [],
  origin: { path: 'o', streamId: '1', anchor: 0, subOffset: 1 } as unknown as StreamRecord['origin'],
  forkDepth: 7,
  forkCount: 8,
  pendingForks: [],
  producerCount: 9,
  unsettledSince: 10,
}

test('a copy has every field, and is overwritten with every field', () => {
  const record = recordOf(5)
  const kept = copyRecord(record)
  expect(kept).toEqual(record)
  const next = { ...record, ...OTHER }
  overwriteRecord(kept, next)
  expect(kept).toEqual(next)
  expect(Object.keys(kept).sort()).toEqual(Object.keys(record).sort())
})

test.each(Object.keys(OTHER).filter((key) => key !== 'tail'))('a change of %s alone is noticed', (key) => {
  const record = recordOf(5)
  const next = { ...record, [key]: OTHER[key as keyof typeof OTHER] }
  expect(hasSameRest(record, next)).toBe(false)
  const kept = copyRecord(record)
  overwriteRecord(kept, next)
  expect(kept).toEqual(next)
})

test('records that differ in their tail alone have the same rest', () => {
  const record = recordOf(5)
  expect(hasSameRest(record, { ...record, tail: 6 })).toBe(true)
})
