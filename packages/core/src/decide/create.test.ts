import type { CreateRequest } from './create.js'
import type { Expiry } from '../protocol/expiry.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamState } from './stream-state.js'
import { describe, expect, it } from 'vitest'
import { bytesOf, idOf, pathOf, recordOf } from '../../test/requests.js'
import { decideCreate, matchExisting, planStream } from './create.js'
import { NEVER } from '../protocol/expiry.js'
import { frameBody } from './request-body.js'
import { parseOffset } from '../protocol/offset.js'

const NOW = 1000
const stateOf = (over: Partial<StreamRecord> = {}): StreamState => ({
  record: recordOf(over),
  touchedAt: 0,
  entries: new Map(),
})
const requestOf = (over: Partial<CreateRequest> = {}): CreateRequest => {
  return { contentType: 'text/plain', expiry: null, closed: false, fork: null, ...over }
}
const match = (record: Partial<StreamRecord>, request: Partial<CreateRequest>): string => {
  const outcome = matchExisting(stateOf(record), requestOf(request), NOW)
  return outcome?.kind === 'conflict' ? outcome.mismatch : (outcome?.kind ?? 'none')
}
const create = (
  state: StreamState | null,
  over: Partial<CreateRequest> = {},
  body = 'abc',
): ReturnType<typeof decideCreate> => {
  const request = requestOf(over)
  return decideCreate(
    state,
    request,
    planStream(request, idOf('n'), frameBody(request.contentType, bytesOf(body))),
    NOW,
  )
}

describe('a creation where nothing stands', () => {
  it('makes an open stream with the content that came with it', () => {
    const { outcome, change } = create(null)
    expect(outcome).toMatchObject({
      kind: 'created',
      stream: {
        contentType: 'text/plain',
        tail: `0000000000000003_${idOf('n')}`,
        closed: false,
        deadline: Infinity,
      },
    })
    expect(change).toMatchObject({
      record: { ...recordOf({ streamId: idOf('n'), tail: 3, createdAt: NOW }) },
      touchedAt: NOW,
    })
  })

  it('keeps content type and expiry as they were sent', () => {
    const expiry: Expiry = { kind: 'ttl', seconds: 5 }
    const { outcome, change } = create(
      null,
      { contentType: 'Text/Plain; Charset=UTF-8', expiry, closed: true },
      '',
    )
    expect(outcome).toMatchObject({
      stream: { contentType: 'Text/Plain; Charset=UTF-8', expiry, closed: true, deadline: NOW + 5000 },
    })
    expect(change).toMatchObject({ record: { closed: true, closedBy: null, expiry } })
  })

  it('has a content type even if none was named', () => {
    expect(create(null, { contentType: null }).outcome).toMatchObject({
      stream: { contentType: 'application/octet-stream', kind: 'binary' },
    })
  })

  it('makes nothing of invalid JSON', () => {
    const { outcome, change } = create(null, { contentType: 'application/json' }, '[1')
    expect(outcome).toMatchObject({ kind: 'invalid-json', position: 2 })
    expect(change).toBeNull()
  })

  it('makes an empty stream of an empty array', () => {
    expect(create(null, { contentType: 'application/json' }, '[]').change).toMatchObject({
      record: { tail: 0 },
    })
  })

  it('goes on where an expired stream stood, with another incarnation', () => {
    const { outcome, change } = create(
      stateOf({
        expiry: { kind: 'at', atMs: NOW },
        tail: 50,
        producerCount: 3,
        lastStreamSeq: 'x',
        closed: true,
      }),
    )
    expect(outcome.kind).toBe('created')
    expect(change).toMatchObject({
      record: { streamId: idOf('n'), tail: 3, producerCount: 0, lastStreamSeq: null, closed: false },
    })
  })

  it('waits until a dead fork has let go of its source', () => {
    const origin = { path: pathOf('src'), streamId: idOf('src'), anchor: 0, subOffset: 0 }
    expect(create(stateOf({ origin, expiry: { kind: 'at', atMs: NOW } }))).toEqual({
      outcome: { kind: 'unreleased' },
      change: null,
    })
    expect(create(stateOf({ origin, state: 'removing' }))).toEqual({
      outcome: { kind: 'unreleased' },
      change: null,
    })
  })
})

describe('a new fork', () => {
  it('is marked until its source is known to hold for it, and no other stream is', () => {
    const origin = { path: pathOf('src'), streamId: idOf('src'), anchor: 0, subOffset: 0 }
    const request = requestOf()
    const blueprint = planStream(request, idOf('n'), frameBody(null, bytesOf('')))
    expect(decideCreate(null, request, { ...blueprint, origin, forkDepth: 1 }, NOW).change).toMatchObject({
      record: { unsettledSince: NOW, forkDepth: 1 },
    })
    expect(decideCreate(null, request, blueprint, NOW).change).toMatchObject({
      record: { unsettledSince: null },
    })
  })
})

describe('a creation where a stream stands', () => {
  it('is refused when forks hold what was deleted or has expired there', () => {
    expect(match({ state: 'soft-deleted', forkCount: 1 }, {})).toBe('soft-deleted')
    expect(match({ expiry: { kind: 'at', atMs: NOW }, forkCount: 1 }, {})).toBe('soft-deleted')
    const pending = { streamId: idOf('f'), path: pathOf('f'), since: 0 }
    expect(match({ expiry: { kind: 'at', atMs: NOW }, pendingForks: [pending] }, {})).toBe('soft-deleted')
  })

  it.each([
    [{}, {}, 'exists'],
    [{}, { contentType: 'TEXT/plain' }, 'exists'],
    [{}, { contentType: 'text/plain; charset=utf-8' }, 'exists'],
    [{}, { contentType: 'text/html' }, 'content-type'],
    [{}, { contentType: null }, 'content-type'],
    [{ contentType: 'application/octet-stream' }, { contentType: null }, 'exists'],
    [{ tail: 99, lastStreamSeq: 'x', producerCount: 5, forkCount: 2 }, {}, 'exists'],
    [{}, { expiry: { kind: 'ttl', seconds: 5 } }, 'expiry'],
    [{ expiry: { kind: 'ttl', seconds: 5 } }, { expiry: { kind: 'ttl', seconds: 5 } }, 'exists'],
    [{ expiry: { kind: 'ttl', seconds: 5 } }, { expiry: { kind: 'ttl', seconds: 6 } }, 'expiry'],
    [{ expiry: { kind: 'ttl', seconds: 5 } }, {}, 'expiry'],
    [{ expiry: { kind: 'at', atMs: 5000 } }, { expiry: { kind: 'at', atMs: 5000 } }, 'exists'],
    [{ expiry: { kind: 'at', atMs: 5000 } }, { expiry: { kind: 'at', atMs: 5001 } }, 'expiry'],
    [{ expiry: { kind: 'at', atMs: 5000 } }, { expiry: { kind: 'ttl', seconds: 4 } }, 'expiry'],
    [{ closed: false }, { closed: true }, 'closure'],
    [{ closed: true }, { closed: false }, 'closure'],
    [{ closed: true }, { closed: true }, 'exists'],
    [{ closed: true, contentType: 'a/b' }, { closed: false }, 'content-type'],
  ] as const)('compares %j with %j: %s', (record, request, expected) => {
    expect(match(record, request)).toBe(expected)
  })

  it('changes nothing', () => {
    const state = stateOf({ tail: 7 })
    expect(create(state, {}, 'more').change).toBeNull()
    expect(create(state, {}, 'more').outcome).toMatchObject({
      kind: 'exists',
      stream: { tail: `0000000000000007_${idOf('s')}` },
    })
    expect(create(state, { closed: true }).change).toBeNull()
  })
})

describe('a creation of a fork where one stands', () => {
  const source = pathOf('src')
  const sourceId = idOf('src')
  const origin = { path: source, streamId: sourceId, anchor: 4, subOffset: 2 }
  const record: Partial<StreamRecord> = {
    origin,
    base: 6,
    tail: 9,
    lineage: [{ path: source, streamId: sourceId, end: 6 }],
    expiry: { kind: 'ttl', seconds: 5 },
  }
  const point = (position: number, owner: string) => {
    return {
      kind: 'point',
      point: parseOffset(`${String(position).padStart(16, '0')}_${idOf(owner)}`)!,
    } as const
  }
  const fork = { source, offset: point(4, 'src'), subOffset: 2 }
  const inherits = { contentType: null, expiry: null }

  it.each([
    ['the same again', { ...inherits, fork }, 'exists'],
    ['without an offset', { ...inherits, fork: { ...fork, offset: null } }, 'exists'],
    ['another source', { ...inherits, fork: { ...fork, source: pathOf('other') } }, 'fork'],
    ['another offset', { ...inherits, fork: { ...fork, offset: point(5, 'src') } }, 'fork'],
    [
      'an offset of another incarnation',
      { ...inherits, fork: { ...fork, offset: point(4, 'other') } },
      'fork',
    ],
    ['the start', { ...inherits, fork: { ...fork, offset: { kind: 'start' } } }, 'fork'],
    ['another sub-offset', { ...inherits, fork: { ...fork, subOffset: 0 } }, 'fork'],
    ['no fork', { ...inherits, fork: null }, 'fork'],
    [
      'the inherited values spelled out',
      { contentType: 'text/plain', expiry: { kind: 'ttl', seconds: 5 }, fork },
      'exists',
    ],
    ['another type', { contentType: 'text/html', expiry: null, fork }, 'content-type'],
    ['another window', { contentType: null, expiry: { kind: 'ttl', seconds: 6 }, fork }, 'expiry'],
    ['no window', { contentType: null, expiry: NEVER, fork }, 'expiry'],
    ['closed', { ...inherits, closed: true, fork }, 'closure'],
  ] as const)('compares with it: %s', (_what, request, expected) => {
    expect(match(record, request)).toBe(expected)
  })

  it('does not take a plain stream for a fork', () => {
    expect(match({}, { fork })).toBe('fork')
  })

  it('knows a fork at the start by any name of the start', () => {
    const atStart = { ...record, origin: { ...origin, anchor: 0, subOffset: 0 }, base: 0, lineage: [] }
    const zero = { kind: 'point', point: { position: 0, owner: null } } as const
    for (const offset of [{ kind: 'start' } as const, zero, null]) {
      expect(match(atStart, { ...inherits, fork: { source, offset, subOffset: 0 } })).toBe('exists')
    }
  })
})
