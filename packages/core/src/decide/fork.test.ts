import type { ForkRequest } from './create.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import { describe, expect, it } from 'vitest'
import { bytesOf, creation, idOf, pathOf, recordOf } from '../../test/requests.js'
import { findAnchor, planFork } from './fork.js'
import { frameBody } from './request-body.js'
import { offsetAt } from './stream-state.js'
import { parseOffset } from '../protocol/offset.js'

const NOW = 100_000
const LIMITS = { maxForksPerStream: 2, maxForkDepth: 3 }
const stateOf = (over: Partial<StreamRecord> = {}, entries: Record<string, string> = {}): StreamState => {
  return { record: recordOf(over), touchedAt: 0, entries: new Map(Object.entries(entries)) }
}
const expired = { expiry: { kind: 'at', atMs: NOW } } as const

describe("a fork's source", () => {
  const fork: ForkRequest = { source: pathOf('src'), offset: null, subOffset: 0 }
  const request = creation('', { contentType: null })
  const source = stateOf({ streamId: idOf('src'), tail: 10 })
  const anchor = (
    state: StreamState | null,
    over: Partial<ForkRequest> = {},
    contentType: string | null = null,
  ) => findAnchor(state, { ...request, contentType }, { ...fork, ...over }, NOW, LIMITS)
  const at = (token: string) => ({ offset: { kind: 'point', point: parseOffset(token)! } }) as const

  it('is forked at its tail unless told otherwise', () => {
    expect(anchor(source)).toMatchObject({ kind: 'anchor', position: 10 })
    expect(anchor(source, { offset: { kind: 'now' } })).toMatchObject({ position: 10 })
    expect(anchor(source, { offset: { kind: 'start' } })).toMatchObject({ position: 0 })
    expect(anchor(source, at(`0000000000000004_${idOf('src')}`))).toMatchObject({ position: 4 })
    expect(anchor(source, at('0000000000000000_0000000000000000'))).toMatchObject({ position: 0 })
  })

  it('must be there', () => {
    expect(anchor(null)).toEqual({ kind: 'source-not-found' })
    expect(anchor(stateOf({ state: 'removing' }))).toEqual({ kind: 'source-not-found' })
    expect(anchor(stateOf(expired))).toEqual({ kind: 'source-not-found' })
    expect(anchor(stateOf({ state: 'soft-deleted', forkCount: 1 }))).toEqual({ kind: 'source-gone' })
    expect(anchor(stateOf({ ...expired, forkCount: 1 }))).toEqual({ kind: 'source-gone' })
  })

  it('must have the content type that the fork asks for', () => {
    expect(anchor(source, {}, 'TEXT/PLAIN').kind).toBe('anchor')
    expect(anchor(source, {}, 'text/html')).toEqual({ kind: 'source-content-type', expected: 'text/plain' })
  })

  it('must know the offset', () => {
    expect(anchor(source, at(`0000000000000011_${idOf('src')}`)).kind).toBe('fork-offset')
    expect(anchor(source, at(`0000000000000004_${idOf('old')}`)).kind).toBe('fork-offset')
  })

  it('may not be too deep a fork itself', () => {
    expect(anchor(stateOf({ forkDepth: 3 }))).toEqual({ kind: 'too-deep', limit: 3 })
    expect(anchor(stateOf({ forkDepth: 2 })).kind).toBe('anchor')
  })
})

describe("a fork's blueprint", () => {
  const lineage = [
    { path: pathOf('a'), streamId: idOf('a'), end: 5 },
    { path: pathOf('b'), streamId: idOf('b'), end: 8 },
  ]
  const source = recordOf({
    streamId: idOf('c'),
    lineage,
    base: 8,
    tail: 12,
    expiry: { kind: 'ttl', seconds: 9 },
    closed: true,
    lastStreamSeq: 'x',
    producerCount: 4,
    contentType: 'text/x',
  })
  const body = frameBody('text/x', bytesOf('own'))
  const plan = (forkPoint: number, over = {}) =>
    planFork(
      { kind: 'anchor', record: source, position: forkPoint },
      creation('', { contentType: null, ...over }),
      { source: pathOf('c'), offset: null, subOffset: 0 },
      { streamId: idOf('f'), body, forkPoint },
    )

  it.each([
    [0, []],
    [3, [['a', 3]]],
    [5, [['a', 5]]],
    [
      6,
      [
        ['a', 5],
        ['b', 6],
      ],
    ],
    [
      8,
      [
        ['a', 5],
        ['b', 8],
      ],
    ],
    [
      9,
      [
        ['a', 5],
        ['b', 8],
        ['c', 9],
      ],
    ],
    [
      12,
      [
        ['a', 5],
        ['b', 8],
        ['c', 12],
      ],
    ],
  ] as const)('inherits up to %i from exactly those that own the bytes', (forkPoint, parts) => {
    const inherited = plan(forkPoint).lineage
    expect(inherited).toEqual(parts.map(([name, end]) => ({ path: pathOf(name), streamId: idOf(name), end })))
    for (let position = 0; position <= forkPoint; position++) {
      const fork = recordOf({ streamId: idOf('f'), lineage: inherited, base: forkPoint })
      expect(offsetAt(fork, position)).toBe(offsetAt(source, position))
    }
    const fork = recordOf({ streamId: idOf('f'), lineage: inherited, base: forkPoint })
    expect(offsetAt(fork, forkPoint + 1)).toBe(`${String(forkPoint + 1).padStart(16, '0')}_${idOf('f')}`)
  })

  it('inherits type and lifetime unless they are given, and never the closure', () => {
    expect(plan(5)).toMatchObject({
      contentType: 'text/x',
      expiry: { kind: 'ttl', seconds: 9 },
      closed: false,
    })
    expect(plan(5, { contentType: 'Text/X' })).toMatchObject({ contentType: 'Text/X' })
    expect(plan(5, { expiry: { kind: 'at', atMs: 7 } })).toMatchObject({ expiry: { kind: 'at', atMs: 7 } })
    expect(plan(5, { expiry: { kind: 'never' } })).toMatchObject({ expiry: { kind: 'never' } })
    expect(plan(5, { closed: true })).toMatchObject({ closed: true })
  })

  it('is bound to an incarnation of its source', () => {
    expect(plan(5).origin).toEqual({ path: 'c', streamId: idOf('c'), anchor: 5, subOffset: 0 })
  })
})
