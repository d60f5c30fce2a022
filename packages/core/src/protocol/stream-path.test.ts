import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePaths, formatStreamPath, isReservedPath, parseStreamPath } from './stream-path.js'
import { pathOf } from '../../test/requests.js'

const MAX = 1000
const accepted = (raw: string): string | null => {
  const parsed = parseStreamPath(raw, MAX)
  return parsed.ok ? parsed.path : null
}
const refusal = (raw: string, max = MAX): string | null => {
  const parsed = parseStreamPath(raw, max)
  return parsed.ok ? null : parsed.refusal
}

/** Raw paths that are made of everything that ever confused a proxy. */
const hostile = fc
  .array(
    fc.constantFrom(
      'a',
      'B',
      '0',
      '/',
      '.',
      '..',
      '%2e',
      '%2E',
      '%2f',
      '%2F',
      '%5c',
      '\\',
      '%00',
      '%0a',
      '%7f',
      '%ff',
      '%c3%a4',
      '%C3',
      '%25',
      '%252e',
      '%',
      '%4',
      '%zz',
      ' ',
      '%20',
      '?',
      '#',
      ';',
      ':',
      '@',
      '~',
      '*',
      'ä',
      '\ud800',
      '\u0000',
      '\n',
      '%ed%a0%80',
      '%f0%9f%98%80',
      '+',
      '%2b',
      '__ds',
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))

describe('a stream path', () => {
  it.each([
    ['a', 'a'],
    ['chat/42/tokens', 'chat/42/tokens'],
    ['a.b', 'a.b'],
    ['...', '...'],
    ['.hidden', '.hidden'],
    ['a..b/c.', 'a..b/c.'],
    ['%41', 'A'],
    ['a%20b', 'a b'],
    ['%C3%A4', 'ä'],
    ['%c3%a4', 'ä'],
    ['%F0%9F%98%80', '😀'],
    ['a+b', 'a+b'],
    ['a%2Bb', 'a+b'],
    ['a%3Fb%23c', 'a?b#c'],
    ['100%25', '100%'],
    ["-_.!~*'()$&,;=:@", "-_.!~*'()$&,;=:@"],
  ])('is decoded: %s is %s', (raw, path) => {
    expect(accepted(raw)).toBe(path)
  })

  it.each([
    ['', 'empty'],
    ['/', 'segment'],
    ['/a', 'segment'],
    ['a/', 'segment'],
    ['a//b', 'segment'],
    ['//host/a', 'segment'],
    ['.', 'segment'],
    ['..', 'segment'],
    ['a/.', 'segment'],
    ['./a', 'segment'],
    ['a/../b', 'segment'],
    ['%2e', 'segment'],
    ['%2e%2e', 'segment'],
    ['%2E%2e', 'segment'],
    ['.%2e/a', 'segment'],
    ['a/%2e%2E/b', 'segment'],
    ['a%2Fb', 'segment'],
    ['a%2fb', 'segment'],
    ['%2e%2e%2fb', 'segment'],
    ['a%5cb', 'character'],
    ['a\\b', 'character'],
    ['a%00', 'character'],
    ['a%0d%0ab', 'character'],
    ['a%7F', 'character'],
    ['%ff', 'encoding'],
    ['%c3', 'encoding'],
    ['%c0%ae', 'encoding'],
    ['%ed%a0%80', 'encoding'],
    ['%ed%b0%80', 'encoding'],
    ['%', 'encoding'],
    ['%4', 'encoding'],
    ['%zz', 'encoding'],
    ['ä', 'encoding'],
    ['\ud800', 'encoding'],
    ['a b', 'encoding'],
    ['a\tb', 'encoding'],
    ['a\0', 'encoding'],
    ['a\n', 'encoding'],
  ])('is refused: %j for its %s', (raw, why) => {
    expect(refusal(raw)).toBe(why)
  })

  it('has no segment that a file system or a proxy could take for a step, whatever it is made from', () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const path = accepted(raw)
        if (path === null) return
        for (const segment of path.split('/')) expect(['', '.', '..']).not.toContain(segment)
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        expect(path).not.toMatch(/[\x00-\x1f\x7f\\]/)
        expect(() => encodeURIComponent(path)).not.toThrow()
        expect(path.split('/')).toHaveLength(raw.split('/').length)
      }),
      { numRuns: 3000 },
    )
  })

  it('comes back from the URL that it is written into, and that URL is one spelling of it', () => {
    fc.assert(
      fc.property(hostile, (raw) => {
        const path = accepted(raw)
        if (path === null) return
        const written = formatStreamPath(pathOf(path))
        expect(accepted(written)).toBe(path)
        expect(formatStreamPath(pathOf(accepted(written)!))).toBe(written)
        const url = new URL(`http://host/v1/stream/${written}`)
        expect(url.pathname).toBe(`/v1/stream/${written}`)
        expect(url.search + url.hash).toBe('')
      }),
      { numRuns: 3000 },
    )
  })

  it('is decoded once only', () => {
    expect(accepted('%2541')).toBe('%41')
    expect(accepted('%252e%252e')).toBe('%2e%2e')
    expect(formatStreamPath(pathOf('%2e%2e'))).toBe('%252e%252e')
  })

  it('is the same stream in every spelling of its escapes', () => {
    const spell = (text: string): string =>
      Array.from(text, (c) => `%${c.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('abc019-_.~')), minLength: 1, maxLength: 10 }),
        (text) => {
          expect(accepted(spell(text))).toBe(accepted(text))
        },
      ),
    )
  })

  it('is measured after decoding', () => {
    expect(refusal('a'.repeat(10), 10)).toBeNull()
    expect(refusal('a'.repeat(11), 10)).toBe('too-long')
    expect(refusal('%41'.repeat(10), 10)).toBeNull()
    expect(refusal('%41'.repeat(11), 10)).toBe('too-long')
  })

  it('is reserved only at and below __ds itself', () => {
    for (const path of ['__ds', '__ds/subscriptions/x']) expect(isReservedPath(pathOf(path))).toBe(true)
    for (const path of ['__dsx', 'a/__ds', '__DS', '_ds']) expect(isReservedPath(pathOf(path))).toBe(false)
    expect(isReservedPath(pathOf(accepted('%5f%5fds/x')!))).toBe(true)
  })
})

describe('the order of paths', () => {
  it('is that of their UTF-8 bytes', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', '/', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}') }),
    )
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
      { numRuns: 1000 },
    )
  })
})
