import { describe, expect, test } from 'vitest'
import { literalPattern, literalPrefix, matchesPattern, parsePattern } from './glob-pattern.js'
import { PatternIndex } from './pattern-index.js'

const matches = (pattern: string, path: string): boolean => matchesPattern(parsePattern(pattern), path)

describe('matchesPattern', () => {
  test.each([
    ['events/*', 'events/a'], ['*', 'a'], ['**', 'a'], ['**', 'a/b/c'], ['a/**', 'a'], ['a/**', 'a/b/c'], ['**/z', 'z'],
    ['**/z', 'a/b/z'], ['a/**/z', 'a/z'], ['a/**/z', 'a/b/c/z'], ['a/**/b/**/c', 'a/x/b/y/z/c'], ['*/b/*', 'a/b/c'],
    ['chat-*', 'chat-1'], ['chat-*', 'chat-'], ['*-log', 'my-log'], ['a*b*c', 'aXbYc'], ['a*b*c', 'abc'], ['a*b*b', 'abb'],
    ['**/**/a', 'a'], ['a.b', 'a.b'], ['é/*', 'é/ü'], ['***', 'anything'], ['a/*/**', 'a/b'],
  ])('%s matches %s', (pattern, path) => expect(matches(pattern, path)).toBe(true)) // prettier-ignore

  test.each([
    ['events/*', 'events'], ['events/*', 'events/a/b'], ['events/*', 'event/a'], ['*', 'a/b'], ['a/**/z', 'a/z/y'],
    ['chat-*', 'chat'], ['chat-*', 'chat-1/x'], ['a*b*b', 'ab'], ['a*a', 'a'], ['a.b', 'axb'], ['Events/*', 'events/a'],
    ['a/*/**', 'a'], ['(a|b)+', 'a'], ['a?', 'ab'], ['[ab]', 'a'],
  ])('%s does not match %s', (pattern, path) => expect(matches(pattern, path)).toBe(false)) // prettier-ignore

  test('a pattern agrees with the plain meaning of its parts, over all short ones', () => {
    const parts = ['a', 'b', '*', '**', 'a*']
    const names = ['a', 'b', 'ab']
    for (const pattern of sequences(parts, 4)) {
      for (const path of sequences(names, 4)) {
        expect([pattern, path, matches(pattern.join('/'), path.join('/'))]).toEqual([
          pattern,
          path,
          plainly(pattern, path),
        ])
      }
    }
  })

  test('many ** over a long path take no time to speak of', () => {
    const pattern = parsePattern(`${'**/a/'.repeat(8)}**/b`)
    const path = 'a/'.repeat(510) + 'a'
    const started = performance.now()
    for (let i = 0; i < 100; i++) expect(matchesPattern(pattern, path)).toBe(false)
    expect((performance.now() - started) / 100).toBeLessThan(50)
    const dense = parsePattern(`${'a*'.repeat(500)}b`)
    expect(matchesPattern(dense, 'a'.repeat(1_000))).toBe(false)
  })

  test('the literal prefix is what every matching path begins with', () => {
    expect(literalPrefix(parsePattern('a/b/*/c'))).toBe('a/b/')
    expect(literalPrefix(parsePattern('**'))).toBe('')
    expect(literalPrefix(parsePattern('a/b'))).toBe('a/b')
    expect(literalPrefix(parsePattern('a/b*'))).toBe('a/')
  })
})

describe('PatternIndex', () => {
  test('it finds what matchesPattern finds, and nothing once that is taken back', () => {
    const patterns = sequences(['a', 'b', '*', '**', 'a*'], 3).map((parts) => parts.join('/'))
    const index = new PatternIndex<string>()
    for (const pattern of patterns) index.add(parsePattern(pattern), pattern)
    const paths = sequences(['a', 'b', 'ab'], 3).map((parts) => parts.join('/'))
    for (const path of paths) {
      expect([...index.match(path)].sort()).toEqual(patterns.filter((one) => matches(one, path)).sort())
    }
    for (const pattern of patterns) index.remove(parsePattern(pattern), pattern)
    for (const path of paths) expect(index.match(path).size).toBe(0)
  })

  test('an explicit stream with an asterisk in its name is no pattern', () => {
    const index = new PatternIndex<number>()
    index.add(literalPattern('a/*'), 1)
    expect(index.match('a/*')).toEqual(new Set([1]))
    expect(index.match('a/b')).toEqual(new Set())
  })

  test('what was added twice stays until it is removed twice', () => {
    const index = new PatternIndex<number>()
    index.add(parsePattern('a/*'), 1)
    index.add(parsePattern('a/*'), 1)
    index.remove(parsePattern('a/*'), 1)
    expect(index.match('a/b')).toEqual(new Set([1]))
    index.remove(parsePattern('a/*'), 1)
    index.remove(parsePattern('a/*'), 1)
    expect(index.match('a/b')).toEqual(new Set())
  })

  test('a path costs what it matches, not how many patterns there are', () => {
    const index = new PatternIndex<number>()
    for (let i = 0; i < 20_000; i++) index.add(parsePattern(i % 2 === 0 ? `t${i}/**` : `*/t${i}`), i)
    const started = performance.now()
    for (let i = 0; i < 1_000; i++) expect(index.match('x/y/z').size).toBe(0)
    expect(performance.now() - started).toBeLessThan(2_000)
  })
})

/** All lists of up to `most` of the items. */
function sequences(items: readonly string[], most: number): string[][] {
  let longest: string[][] = [[]]
  const all: string[][] = []
  for (let i = 0; i < most; i++) {
    longest = longest.flatMap((list) => items.map((item) => [...list, item]))
    all.push(...longest)
  }
  return all
}

function plainly(pattern: readonly string[], path: readonly string[]): boolean {
  const [part, ...rest] = pattern
  if (part === undefined) return path.length === 0
  if (part === '**') return plainly(rest, path) || (path.length > 0 && plainly(pattern, path.slice(1)))
  const [name, ...others] = path
  if (name === undefined) return false
  const fits = part === '*' || part === name || (part === 'a*' && name.startsWith('a'))
  return fits && plainly(rest, others)
}
