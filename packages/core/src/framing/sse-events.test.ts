import type { Offset } from '../protocol/branded.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { awkwardText, splitsOf } from '../../test/byte-arbitraries.js'
import { bytesOf, textOf } from '../../test/requests.js'
import { SSE_HEARTBEAT, formatSseControl, formatSseData } from './sse-events.js'
import { frameJsonMessages } from './json-messages.js'
import { parseEventStream } from '../../test/sse-parser.js'

const offset = '0000000000000010_000000000000000a' as Offset

const cutText = awkwardText.chain((text) =>
  fc.record({ text: fc.constant(text), pieces: splitsOf(bytesOf(text)) }),
)

describe('a data event with text', () => {
  it('says the text to a standard parser, with its line breaks as line feeds', () => {
    fc.assert(
      fc.property(cutText, ({ text, pieces }) => {
        const events = parseEventStream(formatSseData('text', pieces))
        const data = text.replace(/\r\n|\r/g, '\n')
        expect(events).toEqual(text === '' ? [] : [{ type: 'data', data }])
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps the text out of the way of the next event', () => {
    fc.assert(
      fc.property(awkwardText, awkwardText, (a, b) => {
        fc.pre(a !== '' && b !== '')
        const events = parseEventStream(
          Buffer.concat([
            formatSseData('text', [bytesOf(a)]),
            SSE_HEARTBEAT,
            formatSseData('text', [bytesOf(b)]),
          ]),
        )
        expect(events.map(({ data }) => data)).toEqual([a, b].map((text) => text.replace(/\r\n|\r/g, '\n')))
      }),
    )
  })

  it.each([
    ['a', 'event: data\ndata:a\n\n'],
    [' a', 'event: data\ndata:  a\n\n'],
    ['  a\n b', 'event: data\ndata:   a\ndata:  b\n\n'],
    ['a\n', 'event: data\ndata:a\ndata:\n\n'],
    ['\n', 'event: data\ndata:\ndata:\n\n'],
    ['a\r\nb\rc\nd', 'event: data\ndata:a\ndata:b\ndata:c\ndata:d\n\n'],
    ['a\n\rb', 'event: data\ndata:a\ndata:\ndata:b\n\n'],
    ['a\r\r\nb', 'event: data\ndata:a\ndata:\ndata:b\n\n'],
    ['\ufeffa', 'event: data\ndata:\ufeffa\n\n'],
    ['event: control', 'event: data\ndata:event: control\n\n'],
  ])('is spelled exactly: %j', (text, event) => {
    expect(textOf([formatSseData('text', [bytesOf(text)])])).toBe(event)
  })
})

describe('a data event with bytes', () => {
  it('is base64 on one line', () => {
    const cut = fc
      .uint8Array({ minLength: 1, maxLength: 50 })
      .chain((bytes) => fc.record({ bytes: fc.constant(bytes), pieces: splitsOf(bytes) }))
    fc.assert(
      fc.property(cut, ({ bytes, pieces }) => {
        const base64 = Buffer.from(bytes).toString('base64')
        expect(textOf([formatSseData('binary', pieces)])).toBe(`event: data\ndata:${base64}\n\n`)
      }),
    )
  })
})

describe('a data event with messages', () => {
  it('is one line with one JSON array', () => {
    const cut = fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }).chain((values) => {
      const framed = frameJsonMessages(bytesOf(JSON.stringify(values)))
      const stored = framed.ok ? framed.bytes : new Uint8Array(0)
      return fc.record({
        values: fc.constant(values),
        pieces: splitsOf(stored),
        before: fc.constant(stored.slice()),
      })
    })
    fc.assert(
      fc.property(cut, ({ values, pieces, before }) => {
        const bytes = formatSseData('json', pieces)
        const text = textOf([bytes])
        expect(text.split('\n')).toHaveLength(4)
        const [event] = parseEventStream(bytes)
        expect(event?.type).toBe('data')
        expect(JSON.stringify(JSON.parse(event!.data))).toBe(JSON.stringify(values))
        expect(Buffer.concat(pieces).equals(before)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('is spelled exactly', () => {
    expect(textOf([formatSseData('json', [bytesOf('1,\n{"a":2},\n')])])).toBe(
      'event: data\ndata:[1, {"a":2}]\n\n',
    )
  })
})

describe('a data event without bytes', () => {
  it('is nothing at all', () => {
    for (const kind of ['json', 'text', 'binary'] as const) {
      expect(formatSseData(kind, [])).toHaveLength(0)
      expect(formatSseData(kind, [new Uint8Array(0)])).toHaveLength(0)
    }
  })
})

describe('a control event', () => {
  it.each([
    [{ cursor: 7, upToDate: false, closed: false }, ',"streamCursor":"7"'],
    [{ cursor: 0, upToDate: true, closed: false }, ',"streamCursor":"0","upToDate":true'],
    [{ cursor: null, upToDate: true, closed: true }, ',"upToDate":true,"streamClosed":true'],
    [{ cursor: null, upToDate: false, closed: false }, ''],
  ])('is spelled exactly: %j', (control, rest) => {
    const bytes = formatSseControl({ nextOffset: offset, ...control })
    const json = `{"streamNextOffset":"${offset}"${rest}}`
    expect(textOf([bytes])).toBe(`event: control\ndata:${json}\n\n`)
    expect(parseEventStream(bytes)).toEqual([{ type: 'control', data: json }])
    expect(() => JSON.parse(json) as unknown).not.toThrow()
  })
})

describe('a heartbeat', () => {
  it('is no event', () => {
    expect(parseEventStream(SSE_HEARTBEAT)).toEqual([])
  })
})
