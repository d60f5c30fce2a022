import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytesOf, textOf } from '../../test/requests.js'
import { JsonFraming, frameJsonMessages, wrapJsonArray, type FramedJson } from './json-messages.js'
import { splitsOf } from '../../test/byte-arbitraries.js'

const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 3 })

/** JSON text with white space wherever it may be, and spellings that JSON.stringify would not choose. */
const { text: jsonText } = fc.letrec<{
  text: string
  scalar: string
  array: string
  object: string
  string: string
}>((tie) => ({
  string: fc.oneof(
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u0041"', '"\\/"', '"\\ud800"', '"\ufeff"', '"\u2028"', '"[,]{:}"', '""'),
  ),
  scalar: fc.oneof(
    fc.constantFrom('null', 'true', 'false', '12345678901234567890', '-0', '0.10', '1e5', '1E-07', '10.5e+3'),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    tie('string'),
  ),
  array: fc
    .tuple(fc.array(tie('text'), { maxLength: 4 }), space)
    .map(([items, gap]) => `[${gap}${items.join(`${gap},`)}]`),
  object: fc
    .tuple(fc.array(fc.tuple(tie('string'), tie('text')), { maxLength: 3 }), space)
    .map(
      ([members, gap]) => `{${gap}${members.map(([key, value]) => `${key}${gap}:${value}`).join(`,${gap}`)}}`,
    ),
  text: fc
    .tuple(
      space,
      fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('scalar'), tie('array'), tie('object')),
      space,
    )
    .map(([before, value, after]) => before + value + after),
}))

/** JSON text in which something was cut out, doubled, or put in. */
const mutated = fc
  .tuple(
    jsonText,
    fc.nat(),
    fc.nat({ max: 3 }),
    fc.constantFrom(
      '',
      ',',
      '[',
      ']',
      '{',
      '}',
      ':',
      '"',
      '\\',
      '0',
      '-',
      '.',
      'e',
      ' ',
      '\n',
      '\0',
      'n',
      '\u00a0',
      '\ufeff',
    ),
  )
  .map(([text, seed, length, put]) => {
    const at = seed % (text.length + 1)
    return text.slice(0, at) + put + text.slice(at + length)
  })

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** The messages of a body, as plain JSON sees them. */
function messagesOf(text: string): unknown[] {
  const value: unknown = JSON.parse(text)
  return Array.isArray(value) ? value : [value]
}

describe('framing JSON', () => {
  it('accepts every valid text, and its messages have the same values', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const framed = frameJsonMessages(bytesOf(text))
        if (!framed.ok) return expect.fail(`${JSON.stringify(text)}: ${framed.message}`)
        const wrapped = textOf(wrapJsonArray([framed.bytes]))
        expect(JSON.parse(wrapped)).toEqual(messagesOf(text))
        expect(framed.count).toBe(messagesOf(text).length)
      }),
      { numRuns: 1000 },
    )
  })

  it('stores one line per message, and counting lines counts messages', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const framed = frameJsonMessages(bytesOf(text))
        if (!framed.ok) return expect.fail(framed.message)
        const stored = textOf([framed.bytes])
        expect(stored.split('\n')).toHaveLength(framed.count + 1)
        expect(stored).not.toContain('\r')
        for (const line of stored.split('\n').slice(0, -1)) {
          expect(line.endsWith(',')).toBe(true)
          expect(parses(line.slice(0, -1))).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the source text of each message, line breaks apart', () => {
    fc.assert(
      fc.property(fc.array(jsonText, { maxLength: 5 }), (texts) => {
        const framed = frameJsonMessages(bytesOf(`[${texts.join(',')}]`))
        if (!framed.ok) return expect.fail(framed.message)
        const expected = texts.map(
          (text) => `${text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '').replace(/[\r\n]/g, ' ')},\n`,
        )
        expect(textOf([framed.bytes])).toBe(expected.join(''))
      }),
      { numRuns: 500 },
    )
  })

  it('accepts a damaged text exactly if JSON.parse does', () => {
    fc.assert(
      fc.property(mutated, (text) => {
        // TextEncoder replaces lone surrogates, and a leading byte order mark is passed over on purpose.
        fc.pre(!text.startsWith('\ufeff'))
        expect(frameJsonMessages(bytesOf(text)).ok, JSON.stringify(text)).toBe(
          parses(Buffer.from(bytesOf(text)).toString()),
        )
      }),
      { numRuns: 3000 },
    )
  })

  it('accepts a short text of any JSON characters exactly if JSON.parse does', () => {
    const soup = fc.string({
      unit: fc.constantFrom(...Array.from('[]{}:,"\\/0123e+-.tfn rualse\n')),
      maxLength: 8,
    })
    fc.assert(
      fc.property(soup, (text) => {
        expect(frameJsonMessages(bytesOf(text)).ok, JSON.stringify(text)).toBe(parses(text))
      }),
      { numRuns: 5000 },
    )
  })

  it('agrees with a fatal decoder and JSON.parse on damaged bytes', () => {
    fc.assert(
      fc.property(jsonText, fc.nat(), fc.nat({ max: 255 }), (text, seed, byte) => {
        const bytes = bytesOf(text)
        bytes[seed % bytes.length] = byte
        let expected = true
        try {
          JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
        } catch {
          expected = false
        }
        expect(frameJsonMessages(bytes).ok).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('comes to the same in steps of any length, also when other bodies are framed in between', () => {
    const steps = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.oneof(jsonText, mutated), steps, (text, lengths) => {
        const body = bytesOf(text)
        const framing = new JsonFraming(body)
        let framed: FramedJson | null = null
        for (let pauseAt = 0, i = 0; framed === null; i++) {
          framed = framing.advance((pauseAt += lengths[i % lengths.length]!))
          frameJsonMessages(bytesOf('[[[{"a":[{}]}]]]'))
        }
        expect(framed).toEqual(frameJsonMessages(body))
      }),
      { numRuns: 3000 },
    )
  })

  it('does not write to the body', () => {
    const body = bytesOf('[{\n"a":1}]')
    const copy = body.slice()
    frameJsonMessages(body)
    expect(body).toEqual(copy)
  })
})

describe('wrapping stored messages', () => {
  it('makes one array of them, wherever they were cut into pieces', () => {
    const cut = fc.array(fc.integer(), { maxLength: 6 }).chain((values) => {
      const stored = bytesOf(values.map((value) => `${value},\n`).join(''))
      return fc.record({ values: fc.constant(values), pieces: splitsOf(stored) })
    })
    fc.assert(
      fc.property(cut, ({ values, pieces }) => {
        const before = pieces.map((piece) => textOf([piece]))
        const text = textOf(wrapJsonArray(pieces))
        expect(JSON.parse(text)).toEqual(values)
        expect(text).toBe(`[${values.join(',\n')}]`)
        expect(pieces.map((piece) => textOf([piece]))).toEqual(before)
      }),
    )
  })
})
