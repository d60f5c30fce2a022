import { describe, expect, test } from 'vitest'
import type { InputForm } from './pieces.js'
import { JsonLines, PlainBytes, WholeLines } from './text-lines.js'

function cut(form: InputForm, input: string, chunkLength: number): { texts: string[]; ends: number[] } {
  const bytes = Buffer.from(input)
  const pieces = []
  for (let at = 0; at < bytes.length; at += chunkLength)
    pieces.push(...form.push(bytes.subarray(at, at + chunkLength)))
  pieces.push(...form.finish())
  return {
    texts: pieces.map((piece) => Buffer.from(piece.bytes).toString()),
    ends: pieces.map(({ end }) => end),
  }
}

describe('JsonLines', () => {
  test('makes a string of each line, however the input is cut', () => {
    for (let length = 1; length < 20; length++) {
      expect(cut(new JsonLines(100), 'a "b"\r\n\n\\ grüße\nend', length)).toEqual({
        texts: ['"a \\"b\\""', '""', '"\\\\ grüße"', '"end"'],
        ends: [7, 8, 18, 21],
      })
    }
  })

  test('refuses what is no text, and lines without end', () => {
    const bytes = new JsonLines(100)
    expect(bytes.push(Buffer.from([0x61, 0x0a, 0xff, 0x0a])).length).toBe(1)
    expect(bytes.failure?.message).toContain('line 2 of the input is not UTF-8')
    const long = new JsonLines(10)
    long.push(Buffer.from('12345678901'))
    expect(long.failure?.message).toContain('more than 10 bytes')
  })
})

describe('WholeLines', () => {
  test('cuts at line ends only, and loses nothing', () => {
    const input = 'one\ntwo\n\nthree'
    for (let length = 1; length < 20; length++) {
      const { texts, ends } = cut(new WholeLines(100), input, length)
      expect(texts.join('')).toBe(input)
      expect(texts.slice(0, -1).every((text) => text.endsWith('\n'))).toBe(true)
      expect(ends.at(-1)).toBe(input.length)
    }
  })

  test('makes no piece longer than it may be', () => {
    expect(cut(new WholeLines(6), 'a\nbb\ncccc\nd', 100).texts).toEqual(['a\nbb\n', 'cccc\n', 'd'])
  })

  test('passes a line on that is too long to be kept', () => {
    expect(cut(new WholeLines(4), 'abcdefghij\n', 3).texts).toEqual(['abcd', 'efgh', 'ij\n'])
  })
})

test('PlainBytes gives what it gets, with its place, in pieces of a bounded length', () => {
  expect(cut(new PlainBytes(9), 'abcde', 2)).toEqual({ texts: ['ab', 'cd', 'e'], ends: [2, 4, 5] })
  expect(cut(new PlainBytes(2), 'abcde', 9)).toEqual({ texts: ['ab', 'cd', 'e'], ends: [2, 4, 5] })
})
