import { describe, expect, it } from 'vitest'
import { MAX_JSON_DEPTH } from './json-scanner.js'
import { bytesOf, textOf } from '../../test/requests.js'
import { frameJsonMessages } from './json-messages.js'

const frame = (text: string): string | null => {
  const framed = frameJsonMessages(bytesOf(text))
  return framed.ok ? textOf([framed.bytes]) : null
}
const count = (text: string): number => {
  const framed = frameJsonMessages(bytesOf(text))
  return framed.ok ? framed.count : -1
}
const position = (text: string | Uint8Array): number | null => {
  const framed = frameJsonMessages(typeof text === 'string' ? bytesOf(text) : text)
  return framed.ok ? null : framed.position
}

describe('a JSON body', () => {
  it.each([
    ['1', '1,\n', 1],
    ['"a"', '"a",\n', 1],
    ['null', 'null,\n', 1],
    ['{"a":1}', '{"a":1},\n', 1],
    ['[1,2]', '1,\n2,\n', 2],
    ['[[1,2],[3]]', '[1,2],\n[3],\n', 2],
    ['[[]]', '[],\n', 1],
    ['[]', '', 0],
    [' [ ] ', '', 0],
    ['{}', '{},\n', 1],
    [' \t\r\n1 \t\r\n', '1,\n', 1],
    ['[ 1 , 2 ]', '1,\n2,\n', 2],
    ['\ufeff[1]', '1,\n', 1],
    ['\ufeff {"a":1}', '{"a":1},\n', 1],
  ])('is framed: %j', (body, stored, messages) => {
    expect(frame(body)).toBe(stored)
    expect(count(body)).toBe(messages)
  })

  it('keeps each message as it was spelled', () => {
    for (const message of [
      '12345678901234567890',
      '1.0',
      '-0',
      '1E+400',
      '0.1000000000000000055511151231257827021181583404541015625',
      '{"a":1,"a":2}',
      '{"__proto__":1}',
      '{ "a" :  1 }',
      '"\\u0041\\/\\ud800"',
      '"\u2028\u2029\u007f😀"',
      '"\ufeff"',
    ]) {
      expect(frame(message)).toBe(`${message},\n`)
      expect(frame(`[${message},${message}]`)).toBe(`${message},\n${message},\n`)
    }
  })

  it('puts a space in place of each line break inside a message', () => {
    expect(frame('{\r\n"a":\n1\r}')).toBe('{  "a": 1 },\n')
    expect(frame('[\n[1,\n2],\n[\r]\n]')).toBe('[1, 2],\n[ ],\n')
  })

  it('keeps escaped line breaks in strings', () => {
    expect(frame('"a\\nb\\r"')).toBe('"a\\nb\\r",\n')
  })

  it.each([
    ['', 0],
    [' ', 1],
    ['\ufeff', 3],
    ['[', 1],
    [']', 0],
    ['[1', 2],
    ['[1,', 3],
    ['[1,]', 3],
    ['[,1]', 1],
    ['[1 2]', 3],
    ['[1]]', 3],
    ['[1]2', 3],
    ['1 2', 2],
    ['{"a":1}{"b":2}', 7],
    ['1\n2\n', 2],
    ['{', 1],
    ['{]', 1],
    ['[}', 1],
    ['[[1}]', 3],
    ['[{"a":1]]', 7],
    ['{"a"}', 4],
    ['{"a":}', 5],
    ['{"a":1,}', 7],
    ['{a:1}', 1],
    ["{'a':1}", 1],
    ['{1:1}', 1],
    ['01', 1],
    ['-', 1],
    ['-a', 1],
    ['+1', 0],
    ['1.', 2],
    ['.5', 0],
    ['1e', 2],
    ['1e+', 3],
    ['0x10', 1],
    ['NaN', 0],
    ['Infinity', 0],
    ['nul', 3],
    ['nulL', 3],
    ['True', 0],
    ['undefined', 0],
    ['"', 1],
    ['"a', 2],
    ['"\n"', 1],
    ['"\t"', 1],
    ['"\u0000"', 1],
    ['"\\', 2],
    ['"\\"', 3],
    ['"\\a"', 1],
    ['"\\u12"', 5],
    ['"\\u12G4"', 5],
    ['"\\u"', 3],
    ['"\\U0041"', 1],
    ['// comment\n1', 0],
    ['[1]\u0000', 3],
    ['[1\u00a0]', 2],
    ['\u00a01', 0],
    ['[1]\ufeff', 3],
    ['\ufeff\ufeff1', 3],
  ])('is refused: %j, at byte %i', (body, at) => {
    expect(position(body)).toBe(at)
  })

  it('is refused when it is not UTF-8', () => {
    const quoted = (...bytes: number[]): Uint8Array => Uint8Array.of(0x22, ...bytes, 0x22)
    for (const bytes of [
      [0xff],
      [0x80],
      [0xc0, 0xaf],
      [0xc3],
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf0, 0x80, 0x80, 0x80],
    ]) {
      expect(position(quoted(...bytes))).toBe(1)
    }
    expect(position(Uint8Array.of(0xff, 0xfe, 0x31, 0x00))).toBe(0)
    expect(position(Uint8Array.of(0x22, 0xc3))).toBe(1)
  })
})

describe('nesting', () => {
  const nested = (depth: number): string => '['.repeat(depth) + '1' + ']'.repeat(depth)
  const nestedObjects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

  it('is fine up to the limit in each message, however many there are', () => {
    expect(frame(`[${nested(MAX_JSON_DEPTH)},${nestedObjects(MAX_JSON_DEPTH)}]`)).not.toBeNull()
    expect(frame(nestedObjects(MAX_JSON_DEPTH))).not.toBeNull()
  })

  it('is refused beyond the limit', () => {
    expect(frame(`[${nested(MAX_JSON_DEPTH + 1)}]`)).toBeNull()
    expect(frame(nestedObjects(MAX_JSON_DEPTH + 1))).toBeNull()
  })

  it('is refused without exhausting the stack when it is absurd', () => {
    expect(position('['.repeat(5_000_000))).toBe(MAX_JSON_DEPTH + 1)
    expect(position('{"a":'.repeat(1_000_000))).toBe(5 * MAX_JSON_DEPTH)
    expect(frame('[1' + ',1'.repeat(200_000) + ']')).not.toBeNull()
  })
})
