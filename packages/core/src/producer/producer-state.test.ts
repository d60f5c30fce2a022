import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ProducerState, ProducerTuple } from './producer-state.js'
import { judgeProducer, sameTuple } from './producer-state.js'

const MAX = Number.MAX_SAFE_INTEGER
const attempt = (epoch: number, seq: number): ProducerTuple => ({ id: 'p', epoch, seq })

describe('an attempt of a producer', () => {
  const known: ProducerState = { epoch: 5, lastSeq: 3 }
  const fresh: ProducerState = { epoch: 5, lastSeq: 0 }

  it.each([
    // An unknown producer, in any epoch.
    [null, 0, 0, { kind: 'accept', state: { epoch: 0, lastSeq: 0 } }],
    [null, 7, 0, { kind: 'accept', state: { epoch: 7, lastSeq: 0 } }],
    [null, MAX, 0, { kind: 'accept', state: { epoch: MAX, lastSeq: 0 } }],
    [null, 0, 1, { kind: 'gap', expectedSeq: 0, receivedSeq: 1 }],
    [null, 3, 9, { kind: 'gap', expectedSeq: 0, receivedSeq: 9 }],
    [null, 0, MAX, { kind: 'gap', expectedSeq: 0, receivedSeq: MAX }],
    // An older epoch, whatever the sequence number.
    [known, 4, 0, { kind: 'stale-epoch', currentEpoch: 5 }],
    [known, 4, 3, { kind: 'stale-epoch', currentEpoch: 5 }],
    [known, 4, 4, { kind: 'stale-epoch', currentEpoch: 5 }],
    [known, 0, MAX, { kind: 'stale-epoch', currentEpoch: 5 }],
    // The same epoch.
    [known, 5, 0, { kind: 'duplicate', state: known }],
    [known, 5, 2, { kind: 'duplicate', state: known }],
    [known, 5, 3, { kind: 'duplicate', state: known }],
    [known, 5, 4, { kind: 'accept', state: { epoch: 5, lastSeq: 4 } }],
    [known, 5, 5, { kind: 'gap', expectedSeq: 4, receivedSeq: 5 }],
    [known, 5, MAX, { kind: 'gap', expectedSeq: 4, receivedSeq: MAX }],
    [fresh, 5, 0, { kind: 'duplicate', state: fresh }],
    [fresh, 5, 1, { kind: 'accept', state: { epoch: 5, lastSeq: 1 } }],
    [{ epoch: 5, lastSeq: MAX }, 5, MAX, { kind: 'duplicate', state: { epoch: 5, lastSeq: MAX } }],
    // A newer epoch, which starts at 0.
    [known, 6, 0, { kind: 'accept', state: { epoch: 6, lastSeq: 0 } }],
    [known, MAX, 0, { kind: 'accept', state: { epoch: MAX, lastSeq: 0 } }],
    [known, 6, 1, { kind: 'epoch-start', receivedSeq: 1 }],
    [known, 6, 3, { kind: 'epoch-start', receivedSeq: 3 }],
    [known, 6, 4, { kind: 'epoch-start', receivedSeq: 4 }],
    [known, 6, 9, { kind: 'epoch-start', receivedSeq: 9 }],
  ] as const)('meeting %j with epoch %i and seq %i is judged', (state, epoch, seq, verdict) => {
    expect(judgeProducer(attempt(epoch, seq), state)).toEqual(verdict)
  })
})

describe('a producer whose attempts are repeated, lost and reordered', () => {
  it('has no batch accepted twice and none skipped', () => {
    const number = fc.nat({ max: 4 })
    fc.assert(
      fc.property(fc.array(fc.tuple(number, number), { maxLength: 60 }), (attempts) => {
        let state: ProducerState | null = null
        const accepted: [number, number][] = []
        for (const [epoch, seq] of attempts) {
          const verdict = judgeProducer(attempt(epoch, seq), state)
          const wasThere = accepted.some(([e, s]) => e === epoch && s === seq)
          if (verdict.kind === 'duplicate') expect(wasThere).toBe(true)
          if (verdict.kind !== 'accept') continue
          expect(wasThere).toBe(false)
          if (seq > 0) expect(accepted.at(-1)).toEqual([epoch, seq - 1])
          expect(accepted.every(([e]) => e <= epoch)).toBe(true)
          accepted.push([epoch, seq])
          state = verdict.state
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('gets everything accepted in the end if it goes on repeating', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 8 }), (order) => {
        let state: ProducerState | null = null
        const accepted: number[] = []
        for (const seq of order.flatMap(() => order)) {
          const verdict = judgeProducer(attempt(0, seq), state)
          if (verdict.kind !== 'accept') continue
          accepted.push(seq)
          state = verdict.state
        }
        expect(accepted).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      }),
    )
  })

  it('is never told to expect a number that it could not send', () => {
    const verdict = judgeProducer(attempt(0, MAX), { epoch: 0, lastSeq: MAX - 1 })
    expect(verdict).toEqual({ kind: 'accept', state: { epoch: 0, lastSeq: MAX } })
  })
})

describe('two attempts', () => {
  it('are the same when nothing differs', () => {
    const one = { id: 'a', epoch: 1, seq: 2 }
    expect(sameTuple(one, { ...one })).toBe(true)
    expect(sameTuple(one, { ...one, id: 'b' })).toBe(false)
    expect(sameTuple(one, { ...one, epoch: 2 })).toBe(false)
    expect(sameTuple(one, { ...one, seq: 1 })).toBe(false)
  })
})
