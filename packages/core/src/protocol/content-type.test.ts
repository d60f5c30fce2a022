import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentKindOf, parseContentType, sameContentType } from './content-type.js'

describe('two content types', () => {
  it.each([
    ['text/plain', 'text/plain'],
    ['text/plain', 'TEXT/Plain'],
    ['application/json', 'application/json; charset=utf-8'],
    ['application/json;charset=utf-8', 'application/json ; CHARSET = "UTF-8"'],
    ['text/plain; charset=utf-8', 'text/plain;charset=UTF-8'],
    ['text/plain; format=flowed', 'text/plain'],
    ['text/plain; format=flowed; charset=utf-8', 'text/plain; charset=utf-8; format=fixed'],
    ['text/plain', ' text/plain '],
  ])('are the same: %s and %s', (a, b) => {
    expect(sameContentType(a, b)).toBe(true)
    expect(sameContentType(b, a)).toBe(true)
  })

  it.each([
    ['text/plain', 'text/html'],
    ['application/json', 'application/jsonl'],
    ['application/json', 'application/vnd.api+json'],
    ['text/plain; charset=utf-8', 'text/plain; charset=iso-8859-1'],
    ['text/plain; charset="utf-16"', 'text/plain; charset=utf-8'],
    ['text/plain; charset=""', 'text/plain; charset=utf-8'],
  ])('differ: %s and %s', (a, b) => {
    expect(sameContentType(a, b)).toBe(false)
    expect(sameContentType(b, a)).toBe(false)
  })

  it('do not take another parameter for the charset', () => {
    expect(sameContentType('text/plain; xcharset=a', 'text/plain; xcharset=b')).toBe(true)
    expect(sameContentType('text/plain; charsets=a', 'text/plain; charsets=b')).toBe(true)
  })

  it('do not take the inside of a quoted parameter for the charset', () => {
    expect(sameContentType('text/plain; title="x; charset=a"', 'text/plain; title="x; charset=b"')).toBe(true)
  })

  it('are compared in the same way from both sides, and each with itself', () => {
    const part = fc.constantFrom(
      'text/plain',
      'TEXT/plain',
      '; charset=utf-8',
      ';charset="UTF-8"',
      '; charset=x',
      ';a=b',
      ' ',
    )
    const type = fc.array(part, { maxLength: 4 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(type, type, (a, b) => {
        expect(sameContentType(a, b)).toBe(sameContentType(b, a))
        expect(sameContentType(a, a)).toBe(true)
        if (sameContentType(a, b)) expect(contentKindOf(a)).toBe(contentKindOf(b))
      }),
    )
  })
})

describe('a content type', () => {
  it.each(['text/plain', 'application/vnd.a+json; x=y', 'a/b', 'text/plain;charset="utf-8"', 'text/plain;'])(
    'is one: %s',
    (value) => {
      expect(parseContentType(value)).toBe(value)
    },
  )

  it.each([
    '',
    'text',
    'text/',
    '/plain',
    'text/plain/x',
    'text plain',
    'te xt/plain',
    'text/pl\u00e4in',
    'text/plain;\n',
    'text/plain; x=\0',
    'text/plain, text/html',
    ';a=b',
  ])('is none: %j', (value) => {
    expect(parseContentType(value)).toBeNull()
  })

  it('decides the framing by type and subtype alone', () => {
    expect(contentKindOf('application/json')).toBe('json')
    expect(contentKindOf('Application/JSON; charset=utf-8')).toBe('json')
    expect(contentKindOf('application/problem+json')).toBe('binary')
    expect(contentKindOf('application/x-ndjson')).toBe('binary')
    expect(contentKindOf('text/json')).toBe('text')
    expect(contentKindOf('TEXT/html;charset=utf-8')).toBe('text')
    expect(contentKindOf('text')).toBe('binary')
    expect(contentKindOf('application/octet-stream')).toBe('binary')
  })

  it('is compared in time that grows with its length only', () => {
    const hostile = `text/plain${'; '.repeat(100_000)}${' '.repeat(100_000)}charset`
    const before = performance.now()
    sameContentType(hostile, 'text/plain;charset=utf-8')
    expect(performance.now() - before).toBeLessThan(2_000)
  })
})
