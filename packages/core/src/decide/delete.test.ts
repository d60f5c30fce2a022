import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import { describe, expect, it } from 'vitest'
import { decideCollect, decideDelete, decideRemoved } from './delete.js'
import { SETTLE_AFTER_MS, dueAt } from '../store/record.js'
import { decideSettled } from './fork.js'
import { idOf, pathOf, recordOf } from '../../test/requests.js'

const NOW = 100_000
const stateOf = (over: Partial<StreamRecord> = {}): StreamState => ({
  record: recordOf(over),
  touchedAt: 0,
  entries: new Map(),
})
const origin = { path: pathOf('r'), streamId: idOf('r'), anchor: 0, subOffset: 0 }
const pendingForks = [{ streamId: idOf('f'), path: pathOf('f'), since: NOW }]
const expired = { expiry: { kind: 'at', atMs: NOW } } as const
const settled = { kind: 'settled' }
const release = { kind: 'release', streamId: idOf('s'), origin }

describe('a deletion', () => {
  it.each([
    ['a stream', {}, 'deleted', settled, null],
    ['a closed stream', { closed: true }, 'deleted', settled, null],
    ['a held stream', { forkCount: 1 }, 'deleted', settled, 'soft-deleted'],
    ['a stream that is being forked', { pendingForks }, 'deleted', settled, 'soft-deleted'],
    ['a fork', { origin }, 'deleted', release, 'removing'],
    ['a held fork', { origin, forkCount: 1 }, 'deleted', settled, 'soft-deleted'],
  ] as const)('of %s', (_what, record, reply, next, state) => {
    const { outcome, change } = decideDelete(stateOf(record), NOW)
    expect(outcome).toEqual({ reply: { kind: reply }, next })
    if (state === null) expect(change).toEqual({ record: null })
    else expect(change).toMatchObject({ record: { state } })
  })

  it.each([
    ['nothing', null, 'not-found'],
    ['what has expired', stateOf(expired), 'not-found'],
    ['a fork that has expired', stateOf({ ...expired, origin }), 'not-found'],
    ['what is being removed', stateOf({ state: 'removing', origin }), 'not-found'],
    ['what was deleted and is held', stateOf({ state: 'soft-deleted', forkCount: 1 }), 'gone'],
    ['what has expired and is held', stateOf({ ...expired, forkCount: 1 }), 'gone'],
  ] as const)('of %s changes nothing', (_what, state, reply) => {
    expect(decideDelete(state, NOW)).toEqual({
      outcome: { reply: { kind: reply }, next: settled },
      change: null,
    })
  })

  it('of a fork has it looked at again', () => {
    const { change } = decideDelete(stateOf({ origin }), NOW)
    expect(change).toMatchObject({ record: { unsettledSince: NOW } })
  })
})

describe('a collection', () => {
  it.each([
    ['nothing', null],
    ['a live stream', stateOf()],
    ['a held stream', stateOf({ forkCount: 1 })],
    ['a stream that expires later', stateOf({ expiry: { kind: 'at', atMs: NOW + 1 } })],
    ['what was deleted and is held', stateOf({ state: 'soft-deleted', forkCount: 1, ...expired })],
  ] as const)('of %s changes nothing', (_what, state) => {
    expect(decideCollect(state, NOW)).toEqual({ outcome: settled, change: null })
  })

  it('ends what has expired as a deletion would', () => {
    expect(decideCollect(stateOf(expired), NOW)).toEqual({ outcome: settled, change: { record: null } })
    expect(decideCollect(stateOf({ ...expired, forkCount: 1 }), NOW).change).toMatchObject({
      record: { state: 'soft-deleted' },
    })
    expect(decideCollect(stateOf({ ...expired, origin }), NOW)).toMatchObject({
      outcome: release,
      change: { record: { state: 'removing' } },
    })
  })

  it('goes on with what a crash left', () => {
    expect(decideCollect(stateOf({ state: 'removing', origin }), NOW)).toEqual({
      outcome: release,
      change: null,
    })
    expect(decideCollect(stateOf({ state: 'soft-deleted' }), NOW).change).toEqual({ record: null })
    expect(decideCollect(stateOf({ state: 'soft-deleted', origin }), NOW).change).toMatchObject({
      record: { state: 'removing' },
    })
  })

  it('leaves no expired stream due for ever', () => {
    const soft = decideCollect(stateOf({ ...expired, forkCount: 1 }), NOW).change
    if (soft === null || soft === 'touch' || soft.record === null) return expect.fail('nothing was changed')
    expect(dueAt(soft.record, 0)).toBe(Infinity)
  })
})

describe('the last step of a removal', () => {
  it('removes the record that it is about and no other', () => {
    expect(decideRemoved(stateOf({ state: 'removing', origin }), idOf('s')).change).toEqual({ record: null })
    for (const state of [null, stateOf(), stateOf({ state: 'soft-deleted' })]) {
      expect(decideRemoved(state, idOf('s')).change).toBeNull()
    }
    expect(decideRemoved(stateOf({ state: 'removing', origin }), idOf('t')).change).toBeNull()
  })
})

describe('the moment to look at a stream', () => {
  const window = { expiry: { kind: 'ttl', seconds: 40 } } as const
  const note = (since: number): Partial<StreamRecord> => ({ pendingForks: [{ ...pendingForks[0]!, since }] })

  it.each([
    ['nothing to wait for', {}, Infinity],
    ['a window', window, 40_500],
    ['an unsettled fork', { unsettledSince: 100 }, 100 + SETTLE_AFTER_MS],
    ['a note', note(100), 100 + SETTLE_AFTER_MS],
    ['both, the fork first', { unsettledSince: 50, ...note(100) }, 50 + SETTLE_AFTER_MS],
    ['both, the note first', { unsettledSince: 200, ...note(100) }, 100 + SETTLE_AFTER_MS],
    ['a window that ends later', { ...window, ...note(100) }, 100 + SETTLE_AFTER_MS],
    ['a window that ends first', { expiry: { kind: 'at', atMs: 50 }, ...note(100) }, 50],
    ['a window that is over', { expiry: { kind: 'at', atMs: 50 }, state: 'soft-deleted' }, Infinity],
    ['a note on what was deleted', { state: 'soft-deleted', ...note(100) }, 100 + SETTLE_AFTER_MS],
    ['an unfinished removal', { state: 'removing', unsettledSince: 7 }, 7 + SETTLE_AFTER_MS],
  ] as const)('is the earliest that matters: %s', (_what, record, due) => {
    expect(dueAt(recordOf(record), 500)).toBe(due)
  })

  it('does not come again and again for a deleted fork that had not been settled', () => {
    const { change } = decideDelete(stateOf({ origin, forkCount: 1, unsettledSince: NOW }), NOW)
    if (change === null || change === 'touch' || change.record === null)
      return expect.fail('nothing was changed')
    const deleted = { record: change.record, touchedAt: 0, entries: new Map<string, string>() }
    const settled = decideSettled(deleted, idOf('s')).change
    const record = settled === null || settled === 'touch' ? change.record : settled.record
    expect(record === null ? Infinity : dueAt(record, 0)).toBe(Infinity)
  })
})
