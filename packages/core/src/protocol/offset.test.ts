import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  START_OFFSET,
  formatOffset,
  isStreamId,
  moveOffset,
  parseOffset,
  parseOffsetRequest,
} from './offset.js'
import { idOf } from '../../test/requests.js'

const MAX = Number.MAX_SAFE_INTEGER
const position = fc.oneof(
  fc.integer({ min: 1, max: 1000 }),
  fc.maxSafeNat().map((n) => Math.max(1, n)),
  fc.constant(MAX),
)
const streamId = fc
  .string({
    unit: fc.constantFrom(...Array.from('0123456789abcdefghijklmnopqrstuv')),
    minLength: 16,
    maxLength: 16,
  })
  .filter(isStreamId)

describe('an offset token', () => {
  it('says the same after being written and read', () => {
    fc.assert(
      fc.property(position, streamId, (at, owner) => {
        expect(parseOffset(formatOffset(at, owner))).toEqual({ position: at, owner })
      }),
    )
  })

  it('sorts by position as plain text, whoever owns the bytes', () => {
    fc.assert(
      fc.property(position, position, streamId, streamId, (a, b, ownerA, ownerB) => {
        fc.pre(a !== b)
        expect(formatOffset(a, ownerA) < formatOffset(b, ownerB)).toBe(a < b)
        expect(START_OFFSET < formatOffset(a, ownerA)).toBe(true)
        expect('-1' < formatOffset(a, ownerA)).toBe(true)
      }),
    )
  })

  it('is the literal of sixteen zeros twice at the start of every stream', () => {
    expect(formatOffset(0, idOf('x'))).toBe('0000000000000000_0000000000000000')
    expect(parseOffset('0000000000000000_0000000000000000')).toEqual({ position: 0, owner: null })
  })

  it.each([
    ['a start that names an owner', '0000000000000000_000000000000000a'],
    ['a later position without an owner', '0000000000000001_0000000000000000'],
    ['a position beyond 2^53-1', '9007199254740992_000000000000000a'],
    ['all nines', '9999999999999999_9999999999999999'],
    ['fifteen digits', '000000000000001_000000000000000a'],
    ['seventeen digits', '00000000000000001_000000000000000a'],
    ['a short owner', '0000000000000001_00000000000000a'],
    ['a letter beyond v', '0000000000000001_000000000000000w'],
    ['a capital letter', '0000000000000001_000000000000000A'],
    ['a space in front', ' 0000000000000001_000000000000000a'],
    ['a line feed behind', '0000000000000001_000000000000000a\n'],
    ['two lines', '0000000000000001_000000000000000a\n0000000000000001_000000000000000a'],
    ['digits of another script', '000000000000000١_000000000000000a'],
    ['a sign', '+000000000000001_000000000000000a'],
    ['a comma', '0000000000000001,000000000000000a'],
    ['nothing', ''],
    ['the sentinel -1', '-1'],
    ['the sentinel now', 'now'],
  ])('is refused: %s', (_what, token) => {
    expect(parseOffset(token)).toBeNull()
  })

  it('moves on as its position does', () => {
    const by = fc.integer({ min: 0, max: 5_000 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000_000 }), streamId, by, (at, owner, bytes) => {
        expect(moveOffset(formatOffset(at, owner), bytes)).toBe(formatOffset(at + bytes, owner))
      }),
    )
  })

  it('reaches exactly to 2^53-1', () => {
    expect(parseOffset('9007199254740991_000000000000000a')?.position).toBe(MAX)
  })

  it('is only ever read back from what it was written as', () => {
    const nearly = fc.string({
      unit: fc.constantFrom(...Array.from('019av_-AW \n')),
      minLength: 30,
      maxLength: 35,
    })
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const point = parseOffset(text)
        if (point === null) return
        expect(point.owner === null ? START_OFFSET : formatOffset(point.position, point.owner)).toBe(text)
      }),
      { numRuns: 500 },
    )
  })
})

describe('an offset parameter', () => {
  it('knows the sentinels exactly as they are spelled', () => {
    expect(parseOffsetRequest('-1')).toEqual({ kind: 'start' })
    expect(parseOffsetRequest('now')).toEqual({ kind: 'now' })
    for (const text of ['NOW', 'now ', '-01', '-2', '0', '1', '', 'not-a-valid-offset-format', '..', '\0']) {
      expect(parseOffsetRequest(text)).toBeNull()
    }
  })
})

describe('a stream id', () => {
  it('is sixteen characters of 0-9a-v that are not all zeros', () => {
    expect(isStreamId('000000000000000v')).toBe(true)
    for (const text of [
      '0000000000000000',
      '000000000000000w',
      '00000000000000v',
      '00000000000000000v',
      'v'.repeat(17),
    ]) {
      expect(isStreamId(text)).toBe(false)
    }
  })
})
