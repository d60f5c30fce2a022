import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkPoint, describeStream, offsetAt } from './stream-state.js'
import { at, idOf, pathOf, recordOf } from '../../test/requests.js'
import { decideReadStart } from './read.js'
import { parseOffset } from '../protocol/offset.js'

const NOW = 1000
const stateOf = (over: Partial<StreamRecord> = {}): StreamState => ({
  record: recordOf(over),
  touchedAt: 500,
  entries: new Map(),
})
const lineage = [
  { path: pathOf('a'), streamId: idOf('a'), end: 5 },
  { path: pathOf('b'), streamId: idOf('b'), end: 8 },
]
const fork = recordOf({ streamId: idOf('f'), lineage, base: 8, tail: 12 })

describe('a read', () => {
  it('begins at the start, at the tail, or at an offset', () => {
    const state = stateOf({ start: 3, tail: 9 })
    expect(decideReadStart(state, null, NOW)).toMatchObject({ kind: 'start', position: 3, content: 'text' })
    expect(decideReadStart(state, { kind: 'start' }, NOW)).toMatchObject({ position: 3 })
    expect(decideReadStart(state, { kind: 'now' }, NOW)).toMatchObject({ position: 9 })
    expect(decideReadStart(state, at(offsetAt(state.record, 4)), NOW)).toMatchObject({ position: 4 })
    expect(decideReadStart(state, at(offsetAt(state.record, 9)), NOW)).toMatchObject({ position: 9 })
  })

  it('of what is not there is refused', () => {
    expect(decideReadStart(null, null, NOW)).toEqual({ kind: 'not-found' })
    expect(decideReadStart(stateOf({ state: 'removing' }), null, NOW)).toEqual({ kind: 'not-found' })
    expect(decideReadStart(stateOf({ expiry: { kind: 'at', atMs: NOW } }), null, NOW)).toEqual({
      kind: 'not-found',
    })
    expect(decideReadStart(stateOf({ state: 'soft-deleted' }), null, NOW)).toEqual({ kind: 'gone' })
    expect(decideReadStart(stateOf({ expiry: { kind: 'at', atMs: NOW }, forkCount: 1 }), null, NOW)).toEqual({
      kind: 'gone',
    })
  })

  it('from an offset that the stream never handed out is refused', () => {
    const state = stateOf({ start: 3, tail: 9 })
    expect(decideReadStart(state, at(offsetAt({ ...state.record, tail: 99 }, 10)), NOW)).toEqual({
      kind: 'offset-invalid',
    })
    expect(decideReadStart(state, at(offsetAt(recordOf({ streamId: idOf('other') }), 5)), NOW)).toEqual({
      kind: 'offset-gone',
    })
    expect(decideReadStart(state, at(offsetAt(state.record, 2)), NOW)).toEqual({ kind: 'offset-gone' })
    expect(decideReadStart(state, { kind: 'point', point: { position: 0, owner: null } }, NOW)).toEqual({
      kind: 'offset-gone',
    })
  })
})

describe('an offset of a fork', () => {
  it.each([
    [0, '0000000000000000_0000000000000000'],
    [1, `0000000000000001_${idOf('a')}`],
    [5, `0000000000000005_${idOf('a')}`],
    [6, `0000000000000006_${idOf('b')}`],
    [8, `0000000000000008_${idOf('b')}`],
    [9, `0000000000000009_${idOf('f')}`],
  ])('names whoever owns the byte before it, at %i', (position, token) => {
    expect(offsetAt(fork, position)).toBe(token)
    expect(checkPoint(fork, parseOffset(token)!)).toBe('ok')
  })

  it('is its own or inherited, and no other is accepted', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.constantFrom('a', 'b', 'f', 'x'), (position, owner) => {
        const isOwner = owner === (position <= 5 ? 'a' : position <= 8 ? 'b' : 'f')
        const expected = !isOwner ? 'foreign' : position > 12 ? 'beyond-tail' : 'ok'
        expect(checkPoint(fork, { position, owner: idOf(owner) })).toBe(expected)
      }),
    )
  })
})

describe('the description of a stream', () => {
  it('tells when it ends if nobody uses it', () => {
    expect(describeStream(stateOf()).deadline).toBe(Infinity)
    expect(describeStream(stateOf({ expiry: { kind: 'ttl', seconds: 2 } })).deadline).toBe(2500)
    expect(describeStream({ ...stateOf(), record: fork })).toMatchObject({
      tail: `0000000000000012_${idOf('f')}`,
      kind: 'text',
    })
  })
})
