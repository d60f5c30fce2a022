import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import { describe, expect, it } from 'vitest'
import { idOf, pathOf, recordOf } from '../../test/requests.js'
import {
  decideConfirm,
  decideDisown,
  decideHold,
  decideRelease,
  decideSettled,
  decideStrike,
  standingOf,
} from './fork.js'
import { forkEntryKey } from '../store/record.js'

const NOW = 100_000
const LIMITS = { maxForksPerStream: 2, maxForkDepth: 3 }
const stateOf = (over: Partial<StreamRecord> = {}, entries: Record<string, string> = {}): StreamState => {
  return { record: recordOf(over), touchedAt: 0, entries: new Map(Object.entries(entries)) }
}
const pending = (name: string, since = NOW) => ({ streamId: idOf(name), path: pathOf(name), since })
const expired = { expiry: { kind: 'at', atMs: NOW } } as const

describe('a hold', () => {
  it('is noted with a moment to look at it again', () => {
    const { outcome, change } = decideHold(stateOf(), idOf('s'), pending('f'), NOW, LIMITS)
    expect(outcome).toEqual({ kind: 'held' })
    expect(change).toEqual({
      record: recordOf({ pendingForks: [pending('f')] }),
    })
  })

  it('does not count as use of the source', () => {
    const { change } = decideHold(stateOf(), idOf('s'), pending('f'), NOW, LIMITS)
    expect(change).not.toHaveProperty('touchedAt')
  })

  it('is refused by a source that is gone, another, or full', () => {
    const hold = (state: StreamState | null) => decideHold(state, idOf('s'), pending('f'), NOW, LIMITS)
    expect(hold(null)).toEqual({ outcome: { kind: 'source-not-found' }, change: null })
    expect(hold(stateOf({ streamId: idOf('t') })).outcome.kind).toBe('source-not-found')
    expect(hold(stateOf(expired)).outcome.kind).toBe('source-not-found')
    expect(hold(stateOf({ state: 'removing' })).outcome.kind).toBe('source-not-found')
    expect(hold(stateOf({ state: 'soft-deleted', forkCount: 1 })).outcome.kind).toBe('source-gone')
    expect(hold(stateOf({ forkCount: 1, pendingForks: [pending('g')] })).outcome).toEqual({
      kind: 'too-many-forks',
      limit: 2,
    })
    expect(hold(stateOf({ forkCount: 1 })).outcome.kind).toBe('held')
  })
})

describe('a confirmation', () => {
  const confirm = (state: StreamState | null) => decideConfirm(state, idOf('s'), pending('f'))

  it('makes a hold a lasting one, also on a source that was deleted meanwhile', () => {
    for (const state of ['live', 'soft-deleted'] as const) {
      const held = stateOf({
        state,
        pendingForks: [pending('e', 5), pending('f')],
        forkCount: 1,
      })
      expect(confirm(held)).toEqual({
        outcome: 'confirmed',
        change: {
          record: {
            ...held.record,
            pendingForks: [pending('e', 5)],
            forkCount: 2,
          },
          entries: [[forkEntryKey(idOf('f')), 'f']],
        },
      })
    }
  })

  it('leaves nothing to look at when it was the last one', () => {
    const { change } = confirm(stateOf({ pendingForks: [pending('f')] }))
    expect(change).toMatchObject({ record: { pendingForks: [], forkCount: 1 } })
  })

  it('happens once', () => {
    const done = stateOf({ forkCount: 1 }, { [forkEntryKey(idOf('f'))]: 'f' })
    expect(confirm(done)).toEqual({ outcome: 'confirmed', change: null })
  })

  it('finds out that the hold is lost', () => {
    for (const state of [null, stateOf(), stateOf({ streamId: idOf('t'), pendingForks: [pending('f')] })]) {
      expect(confirm(state)).toEqual({ outcome: 'lost', change: null })
    }
  })
})

describe('a release', () => {
  const key = forkEntryKey(idOf('f'))
  const release = (state: StreamState | null) => decideRelease(state, idOf('s'), idOf('f'), NOW)

  it('takes back a hold or a confirmed fork', () => {
    expect(release(stateOf({ pendingForks: [pending('f')] })).change).toMatchObject({
      record: { pendingForks: [], forkCount: 0 },
    })
    expect(release(stateOf({ forkCount: 2 }, { [key]: 'f' })).change).toMatchObject({
      record: { forkCount: 1 },
      entries: [[key, null]],
    })
  })

  it('of a fork that is not known changes nothing', () => {
    for (const over of [{}, { state: 'soft-deleted' } as const]) {
      const state = stateOf({ forkCount: 2, pendingForks: [pending('g')], ...over })
      expect(release(state)).toEqual({ outcome: { kind: 'settled' }, change: null })
    }
  })

  it('is nothing to another incarnation', () => {
    expect(release(null)).toEqual({ outcome: { kind: 'settled' }, change: null })
    expect(release(stateOf({ streamId: idOf('t'), state: 'soft-deleted' }))).toEqual({
      outcome: { kind: 'settled' },
      change: null,
    })
  })

  it('ends a source that was kept for its forks, with the last of them', () => {
    const kept = { state: 'soft-deleted' } as const
    expect(release(stateOf({ ...kept, forkCount: 2 }, { [key]: 'f' })).change).toMatchObject({
      record: { state: 'soft-deleted', forkCount: 1 },
    })
    expect(release(stateOf({ ...kept, forkCount: 1 }, { [key]: 'f' }))).toEqual({
      outcome: { kind: 'settled' },
      change: { record: null },
    })
    expect(release(stateOf({ ...expired, forkCount: 1 }, { [key]: 'f' })).change).toEqual({ record: null })
    expect(release(stateOf({ ...kept, pendingForks: [pending('f')] })).change).toEqual({ record: null })
  })

  it('goes on with the source of a source', () => {
    const origin = { path: pathOf('r'), streamId: idOf('r'), anchor: 0, subOffset: 0 }
    const { outcome, change } = release(
      stateOf({ state: 'soft-deleted', forkCount: 1, origin }, { [key]: 'f' }),
    )
    expect(outcome).toEqual({ kind: 'release', streamId: idOf('s'), origin })
    expect(change).toMatchObject({
      record: { state: 'removing', forkCount: 0, unsettledSince: NOW },
    })
  })

  it('leaves a live source alive', () => {
    expect(release(stateOf({ forkCount: 1 }, { [key]: 'f' })).change).toMatchObject({
      record: { state: 'live', forkCount: 0 },
    })
  })

  it('removes the entry together with the count, whatever becomes of the source', () => {
    const origin = { path: pathOf('r'), streamId: idOf('r'), anchor: 0, subOffset: 0 }
    const { change } = release(stateOf({ state: 'soft-deleted', forkCount: 1, origin }, { [key]: 'f' }))
    expect(change).toMatchObject({ entries: [[key, null]] })
  })
})

describe('a note that is struck out', () => {
  const key = forkEntryKey(idOf('f'))
  const strike = (state: StreamState | null) => decideStrike(state, idOf('s'), idOf('f'), NOW)

  it('goes, and with it a source that was kept for nothing else', () => {
    expect(strike(stateOf({ pendingForks: [pending('f'), pending('g')] })).change).toMatchObject({
      record: { state: 'live', pendingForks: [pending('g')] },
    })
    expect(strike(stateOf({ state: 'soft-deleted', pendingForks: [pending('f')] })).change).toEqual({
      record: null,
    })
    expect(strike(stateOf({ ...expired, pendingForks: [pending('f')] })).change).toEqual({ record: null })
  })

  it('changes nothing when there is none, not even for a confirmed fork', () => {
    const nothing = { outcome: { kind: 'settled' }, change: null }
    expect(strike(null)).toEqual(nothing)
    expect(strike(stateOf({ pendingForks: [pending('g')] }))).toEqual(nothing)
    expect(strike(stateOf({ streamId: idOf('t'), pendingForks: [pending('f')] }))).toEqual(nothing)
    expect(strike(stateOf({ state: 'soft-deleted', forkCount: 1 }, { [key]: 'f' }))).toEqual(nothing)
  })
})

describe("a fork's standing with its source", () => {
  it('is what the source says', () => {
    const standing = (state: StreamState | null) => standingOf(state, idOf('s'), idOf('f'))
    expect(standing(stateOf({ forkCount: 1 }, { [forkEntryKey(idOf('f'))]: 'f' }))).toBe('confirmed')
    expect(standing(stateOf({ pendingForks: [pending('f')] }))).toBe('pending')
    expect(standing(stateOf({ pendingForks: [pending('g')], forkCount: 1 }))).toBe('unknown')
    expect(standing(stateOf({ streamId: idOf('t'), pendingForks: [pending('f')] }))).toBe('unknown')
    expect(standing(null)).toBe('unknown')
  })

  it('settles it, or ends it', () => {
    const origin = { path: pathOf('r'), streamId: idOf('r'), anchor: 0, subOffset: 0 }
    const fork = stateOf({ origin, unsettledSince: 5 })
    expect(decideSettled(fork, idOf('s')).change).toMatchObject({
      record: { unsettledSince: null, state: 'live' },
    })
    expect(decideDisown(fork, idOf('s'), NOW)).toMatchObject({
      outcome: { kind: 'release', streamId: idOf('s'), origin },
      change: { record: { state: 'removing', unsettledSince: NOW } },
    })
  })

  it('is nothing to another incarnation at its path', () => {
    for (const state of [null, stateOf({ streamId: idOf('t'), unsettledSince: 5 })]) {
      expect(decideSettled(state, idOf('s')).change).toBeNull()
      expect(decideDisown(state, idOf('s'), NOW).change).toBeNull()
    }
  })
})
