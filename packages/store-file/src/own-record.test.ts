import type { StreamRecord } from '@ds/core'
import { CommitNames } from './commit-name.js'
import { HotLayer } from './hot-layer.js'
import { HotStream } from './hot-stream.js'
import { RecordPatterns, likeRecord } from './record-pattern.js'
import { expect, test } from 'vitest'
import { copyRecord, overwritePattern } from './own-record.js'
import { pathOf, recordOf } from '../test/changes.js'

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
const FIELDS = Object.keys(OTHER) as (keyof typeof OTHER)[]

/** A stream that has gone through these records, one commit each, and shares what it can with others like it. */
function streamWith(...records: readonly StreamRecord[]): HotStream {
  const patterns = new RecordPatterns()
  const layer = new HotLayer(patterns, new CommitNames())
  const stream = new HotStream(pathOf('a'), null, patterns)
  for (const [i, record] of records.entries()) {
    const step = { record, commitId: `c${i}`, touchedAt: null, bytes: [], entries: [] }
    stream.apply(step, i + 1, stream.changeIn(layer))
  }
  return stream
}

test('a pattern of its own is overwritten with every field', () => {
  const record = recordOf(5)
  const { createdAt, tail } = record
  const kept = copyRecord(record)
  expect(kept).toEqual(record)
  overwritePattern(kept, { ...record, ...OTHER })
  expect(kept).toEqual({ ...record, ...OTHER, createdAt, tail })
})

test('a record that is like another has every field', () => {
  const record = { ...recordOf(5), ...OTHER }
  expect(likeRecord(record, record)).toEqual(record)
})

test.each(FIELDS)(
  'a change of %s alone is kept, by streams that shared the rest as well as by others',
  (key) => {
    const usual = recordOf(5)
    const next = { ...usual, [key]: OTHER[key] }
    expect(streamWith(usual, next).record).toEqual(next)
    const unusual = { ...usual, lastStreamSeq: '1', forkCount: 1 }
    const after = { ...unusual, [key]: OTHER[key] }
    expect(streamWith(unusual, after).record).toEqual(after)
  },
)

test.each(FIELDS)('streams that differ in %s do not get the record of each other', (key) => {
  const patterns = new RecordPatterns()
  const [a, b] = [recordOf(5), { ...recordOf(5), [key]: OTHER[key] }]
  const streams = [a, b, a, b].map((record) => {
    const head = { record, version: 1, commitId: '1', touchedAt: 0, mayHaveEntries: false, extents: [] }
    return new HotStream(pathOf('a'), head, patterns)
  })
  expect(streams.map(({ record }) => record)).toEqual([a, b, a, b])
})

test('streams that are alike share what they have in common', () => {
  const patterns = new RecordPatterns()
  const expiry = (): StreamRecord['expiry'] => ({ kind: 'ttl', seconds: 9 })
  const record = { ...recordOf(5), expiry: expiry() }
  const like = { ...recordOf(7), expiry: expiry(), lineage: [], pendingForks: [], createdAt: 1 }
  expect(patterns.find(like)).toBe(patterns.find(record))
})

test('fields of a later version stay, of streams that become longer as well', () => {
  const later = { ...recordOf(5), ofLater: 1 }
  expect(streamWith(later).record).toEqual(later)
  expect(streamWith(later, recordOf(6)).record).toEqual({ ...later, tail: 6 })
  expect(streamWith(recordOf(5), { ...later, closed: true }).record).toEqual({ ...later, closed: true })
})

test("a record that was handed out is no longer the stream's", () => {
  const stream = streamWith(recordOf(5))
  Object.assign(stream.record!, { tail: 9, closed: true })
  expect(stream.record).toEqual(recordOf(5))
})
