import type { AppendOutcome, AppendRequest } from './append.js'
import type { Decision, StreamState } from './stream-state.js'
import type { StreamRecord } from '../store/record.js'
import { describe, expect, it } from 'vitest'
import { bytesOf, idOf, producerOf, recordOf, textOf } from '../../test/requests.js'
import { decideAppend } from './append.js'
import { formatProducerEntry, parseProducerEntry, producerEntryKey } from '../store/record.js'
import { frameBody } from './request-body.js'

const NOW = 1000
const LIMITS = { maxProducersPerStream: 2 }

function stateOf(
  over: Partial<StreamRecord> = {},
  producers: Record<string, [number, number]> = {},
): StreamState {
  const entries = Object.entries(producers).map(([id, [epoch, lastSeq]]) => {
    return [producerEntryKey(id), formatProducerEntry({ epoch, lastSeq })] as const
  })
  const record = recordOf({ tail: 10, producerCount: entries.length, ...over })
  return { record, touchedAt: 0, entries: new Map(entries) }
}

function requestOf(text: string, over: Partial<AppendRequest> = {}): AppendRequest {
  const contentType = over.contentType !== undefined ? over.contentType : text === '' ? null : 'text/plain'
  const body = frameBody(contentType, bytesOf(text))
  return { body, close: false, producer: null, streamSeq: null, ...over, contentType }
}

const decide = (state: StreamState | null, request: AppendRequest): Decision<AppendOutcome> =>
  decideAppend(state, request, NOW, LIMITS)

describe('an append', () => {
  it('adds its bytes, moves the tail and starts the window anew', () => {
    const { outcome, change } = decide(stateOf(), requestOf('abc'))
    expect(outcome).toEqual({
      kind: 'appended',
      tail: `0000000000000013_${idOf('s')}`,
      closed: false,
      hadBody: true,
      producer: null,
    })
    if (change === null || change === 'touch') return expect.fail('no change')
    expect(change.record).toEqual(recordOf({ tail: 13 }))
    expect(textOf([change.bytes!])).toBe('abc')
    expect(change.touchedAt).toBe(NOW)
    expect(change.entries ?? []).toEqual([])
  })

  it('remembers producer, Stream-Seq and closure in the same step', () => {
    const producer = producerOf('p', 3, 0)
    const { outcome, change } = decide(stateOf(), requestOf('abc', { producer, streamSeq: 'b', close: true }))
    expect(outcome).toMatchObject({ kind: 'appended', closed: true, producer: { epoch: 3, lastSeq: 0 } })
    expect(change).toMatchObject({
      record: { tail: 13, closed: true, closedBy: producer, lastStreamSeq: 'b', producerCount: 1 },
      entries: [['p:p', '3:0']],
    })
  })

  it('counts a producer once', () => {
    const known = stateOf({}, { p: [0, 0] })
    for (const producer of [producerOf('p', 0, 1), producerOf('p', 1, 0)]) {
      expect(decide(known, requestOf('x', { producer })).change).toMatchObject({
        record: { producerCount: 1 },
      })
    }
    expect(decide(known, requestOf('x', { producer: producerOf('q', 0, 0) })).change).toMatchObject({
      record: { producerCount: 2 },
    })
  })

  it('takes a close without a body and without a content type', () => {
    const { outcome, change } = decide(stateOf(), requestOf('', { close: true }))
    expect(outcome).toMatchObject({ kind: 'appended', closed: true, hadBody: false })
    expect(change).toMatchObject({ record: { tail: 10, closed: true } })
  })

  it('ignores the content type of a close without a body', () => {
    expect(decide(stateOf(), requestOf('', { close: true, contentType: 'image/png' })).outcome.kind).toBe(
      'appended',
    )
  })

  it('compares Stream-Seq byte by byte', () => {
    const state = stateOf({ lastStreamSeq: 'b10' })
    for (const streamSeq of ['b9', 'b100', 'c', 'b10\u0020']) {
      expect(decide(state, requestOf('x', { streamSeq })).outcome.kind).toBe('appended')
    }
    for (const streamSeq of ['b10', 'b1', 'a', 'B99', '']) {
      expect(decide(state, requestOf('x', { streamSeq })).outcome).toEqual({
        kind: 'stream-seq-regression',
        last: 'b10',
      })
    }
  })

  it('without Stream-Seq leaves the last one', () => {
    const { change } = decide(stateOf({ lastStreamSeq: 'x' }), requestOf('x'))
    expect(change).toMatchObject({ record: { lastStreamSeq: 'x' } })
  })

  it('frames JSON for JSON streams and nothing else', () => {
    const json = stateOf({ contentType: 'application/json' })
    const contentType = 'application/json; charset=utf-8'
    expect(decide(json, requestOf('[1,2]', { contentType })).change).toMatchObject({
      bytes: bytesOf('1,\n2,\n'),
    })
    expect(decide(json, requestOf('[]', { contentType })).outcome).toEqual({ kind: 'empty-array' })
    expect(decide(json, requestOf(' [\n] ', { contentType, close: true })).outcome).toEqual({
      kind: 'empty-array',
    })
    expect(decide(json, requestOf('[1', { contentType })).outcome).toMatchObject({
      kind: 'invalid-json',
      position: 2,
    })
  })
})

/** Each reason to refuse, strongest first: a request that gives several learns of the first. */
const PRECEDENCE: readonly {
  readonly kind: AppendOutcome['kind']
  readonly state: Partial<StreamRecord>
  readonly request: Partial<AppendRequest>
}[] = [
  { kind: 'closed', state: { closed: true }, request: {} },
  { kind: 'content-type-mismatch', state: {}, request: { contentType: 'text/html' } },
  { kind: 'gap', state: {}, request: { producer: producerOf('new', 0, 5) } },
  { kind: 'too-many-producers', state: { producerCount: 2 }, request: { producer: producerOf('new', 0, 0) } },
  { kind: 'stream-seq-regression', state: { lastStreamSeq: 'z' }, request: { streamSeq: 'a' } },
]

describe('the order of refusals', () => {
  it.each(PRECEDENCE.map(({ kind }, i) => [kind, i] as const))(
    'puts %s before all that follow',
    (kind, first) => {
      for (let second = first; second < PRECEDENCE.length; second++) {
        const [a, b] = [PRECEDENCE[first]!, PRECEDENCE[second]!]
        const { outcome, change } = decide(
          stateOf({ ...b.state, ...a.state }),
          requestOf('x', { ...b.request, ...a.request }),
        )
        expect(outcome.kind).toBe(kind)
        if (kind !== 'closed') expect(change).toBeNull()
      }
    },
  )

  it('begins with the stream itself', () => {
    const request = requestOf('', { producer: producerOf('p', 0, 9), streamSeq: '' })
    expect(decide(null, request)).toEqual({ outcome: { kind: 'not-found' }, change: null })
    expect(decide(stateOf({ state: 'removing', closed: true }), request).outcome.kind).toBe('not-found')
    expect(decide(stateOf({ state: 'soft-deleted', closed: true }), request).outcome.kind).toBe('gone')
    const expiry = { kind: 'at', atMs: NOW } as const
    expect(decide(stateOf({ expiry, closed: true }), request).outcome.kind).toBe('not-found')
    expect(decide(stateOf({ expiry, closed: true, forkCount: 1 }), request).outcome.kind).toBe('gone')
  })

  it('puts a missing body before the producer, and a missing content type, too', () => {
    const producer = producerOf('p', 0, 9)
    expect(decide(stateOf(), requestOf('', { producer })).outcome.kind).toBe('empty-body')
    expect(decide(stateOf(), requestOf('x', { producer, contentType: null })).outcome.kind).toBe(
      'content-type-missing',
    )
  })

  it('puts the producer before the messages in the body', () => {
    const state = stateOf({ contentType: 'application/json' }, { p: [1, 5] })
    const body = (producer: ReturnType<typeof producerOf>): AppendRequest =>
      requestOf('[nonsense', { contentType: 'application/json', producer })
    expect(decide(state, body(producerOf('p', 1, 5))).outcome.kind).toBe('duplicate')
    expect(decide(state, body(producerOf('p', 0, 0))).outcome.kind).toBe('stale-epoch')
    expect(decide(state, body(producerOf('p', 1, 9))).outcome.kind).toBe('gap')
    expect(decide(state, body(producerOf('p', 1, 6))).outcome.kind).toBe('invalid-json')
  })
})

describe('a repeated attempt', () => {
  it('is told the highest accepted number and only starts the window anew', () => {
    const state = stateOf({ lastStreamSeq: 'z' }, { p: [1, 5] })
    const { outcome, change } = decide(
      state,
      requestOf('x', { producer: producerOf('p', 1, 2), streamSeq: 'a' }),
    )
    expect(outcome).toEqual({
      kind: 'duplicate',
      tail: `0000000000000010_${idOf('s')}`,
      closed: false,
      producer: { epoch: 1, lastSeq: 5 },
    })
    expect(change).toBe('touch')
  })

  it('does not close what its first copy did not close', () => {
    const state = stateOf({}, { p: [1, 5] })
    const { outcome, change } = decide(state, requestOf('', { close: true, producer: producerOf('p', 1, 5) }))
    expect(outcome).toMatchObject({ kind: 'duplicate', closed: false })
    expect(change).toBe('touch')
  })
})

describe('a closed stream', () => {
  const closedBy = producerOf('p', 1, 5)
  const closed = stateOf({ closed: true, closedBy }, { p: [1, 5] })

  it('takes another close for what it already is', () => {
    expect(decide(closed, requestOf('', { close: true })).outcome).toMatchObject({ kind: 'already-closed' })
  })

  it('knows the attempt that closed it, whatever its body', () => {
    for (const text of ['', 'x']) {
      expect(decide(closed, requestOf(text, { close: true, producer: closedBy })).outcome).toMatchObject({
        kind: 'duplicate',
        closed: true,
        producer: { epoch: 1, lastSeq: 5 },
      })
    }
  })

  it('refuses everything else, with its final offset', () => {
    for (const request of [
      requestOf('x'),
      requestOf('x', { close: true }),
      requestOf(''),
      requestOf('x', { contentType: 'image/png' }),
      requestOf('', { close: true, producer: producerOf('p', 1, 6) }),
      requestOf('', { close: true, producer: producerOf('p', 2, 5) }),
      requestOf('', { close: true, producer: producerOf('q', 1, 5) }),
      requestOf('x', { producer: producerOf('q', 0, 0) }),
    ]) {
      const { outcome, change } = decide(closed, request)
      expect(outcome).toEqual({ kind: 'closed', tail: `0000000000000010_${idOf('s')}` })
      expect(change).not.toBeTypeOf('object')
    }
  })

  it('that nobody in particular closed knows no producer', () => {
    const anonymous = stateOf({ closed: true })
    expect(decide(anonymous, requestOf('', { close: true, producer: closedBy })).outcome.kind).toBe('closed')
  })
})

describe('the limit of producers', () => {
  it('does not concern those that are known', () => {
    const full = stateOf({}, { p: [0, 0], q: [0, 0] })
    expect(decide(full, requestOf('x', { producer: producerOf('p', 0, 1) })).outcome.kind).toBe('appended')
    expect(decide(full, requestOf('x', { producer: producerOf('p', 1, 0) })).outcome.kind).toBe('appended')
    expect(decide(full, requestOf('x', { producer: producerOf('r', 0, 0) })).outcome).toEqual({
      kind: 'too-many-producers',
      limit: 2,
    })
    expect(decide(full, requestOf('x')).outcome.kind).toBe('appended')
  })
})

describe('a producer entry', () => {
  it('says the same after being written and read', () => {
    for (const state of [
      { epoch: 0, lastSeq: 0 },
      { epoch: Number.MAX_SAFE_INTEGER, lastSeq: Number.MAX_SAFE_INTEGER },
    ]) {
      expect(parseProducerEntry(formatProducerEntry(state))).toEqual(state)
    }
    expect(parseProducerEntry(undefined)).toBeNull()
  })
})
