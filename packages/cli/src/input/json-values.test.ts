import { describe, expect, test } from 'vitest'
import { JsonValues } from './json-values.js'

/** What comes out of an input that is pushed in chunks of a length. */
function cut(
  input: string,
  chunkLength: number,
  flatten = false,
): { values: string[]; spans: string[]; failure: string | null } {
  const bytes = Buffer.from(input)
  const form = new JsonValues({ flatten, maxBytes: 100 })
  const pieces = []
  let failure: Error | null = null
  for (let at = 0; at < bytes.length && failure === null; at += chunkLength) {
    // The chunk is used again by its owner.
    const chunk = Buffer.from(bytes.subarray(at, at + chunkLength))
    pieces.push(...form.push(chunk).map((piece) => ({ ...piece, bytes: Buffer.from(piece.bytes) })))
    chunk.fill(0)
    failure = form.failure
  }
  try {
    if (failure === null) pieces.push(...form.finish())
  } catch (error) {
    failure = error as Error
  }
  return {
    values: pieces.map((piece) => Buffer.from(piece.bytes).toString()),
    spans: pieces.map(({ start, end }) => bytes.subarray(start, end).toString()),
    failure: failure?.message ?? null,
  }
}

const CASES: readonly (readonly [input: string, flatten: boolean, values: readonly string[]])[] = [
  ['', false, []],
  [' \n\t', false, []],
  ['1 2\n3', false, ['1', '2', '3']],
  ['{"a":1}{"b":[2]}', false, ['{"a":1}', '{"b":[2]}']],
  ['"a\\"b" "]}" "\\\\"', false, ['"a\\"b"', '"]}"', '"\\\\"']],
  ['[1,[2]]\n[3]', false, ['[1,[2]]', '[3]']],
  ['[1,[2, 3],\n{"a":"]"}] 4 [] [5]', true, ['1', '[2, 3]', '{"a":"]"}', '4', '5']],
  ['\ufeff{"bom":true}', false, ['{"bom":true}']],
  ['\u001e{"rs":1}\n\u001e{"rs":2}\n', false, ['{"rs":1}', '{"rs":2}']],
  ['"grüße 世界"', false, ['"grüße 世界"']],
]

describe('JsonValues', () => {
  test.each(CASES)('finds the values of %j (flatten: %s), however it is cut', (input, flatten, values) => {
    for (let length = 1; length <= Buffer.byteLength(input) + 1; length++) {
      const found = cut(input, length, flatten)
      expect(found).toEqual({ values, spans: values, failure: null })
    }
  })

  test.each([
    ['1\n2\nx', 'line 3 of the input: this is no JSON: x', ['1', '2']],
    ['{"a":\n1}\n{"b"}', 'line 3 of the input: this is no JSON: {"b"}', ['{"a":\n1}']],
    ['[1', 'line 1 of the input: the input ends in the middle of a JSON value', []],
    ['"x', 'line 1 of the input: the input ends in the middle of a JSON value', []],
    ['1,2', 'line 1 of the input: this is no JSON: ', ['1']],
  ])('names the line of what is wrong in %j', (input, message, values) => {
    for (let length = 1; length <= input.length; length++) {
      expect(cut(input, length)).toMatchObject({ failure: message, values })
    }
  })

  test.each(['[1 2]', '[,1]', '[1,]', '[1,,2]', '[1'])('does not take %s for an array', (input) => {
    for (let length = 1; length <= input.length; length++)
      expect(cut(input, length, true).failure).not.toBeNull()
  })

  test('does not gather a value without end', () => {
    expect(cut(`"${'x'.repeat(200)}"`, 10).failure).toContain('more than 100 bytes')
    expect(cut(`{"a":"${'x'.repeat(60)}"} `.repeat(50), 10).failure).toBeNull()
  })
})
