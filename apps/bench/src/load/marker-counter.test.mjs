import { expect, test } from 'vitest'
import { MarkerCounter } from './marker-counter.mjs'

const text = '<<mark>a<mar<mark><mark>k>b<mark'
const wholeMarkers = 3

test('markers are counted wherever the pieces are cut', () => {
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const counter = new MarkerCounter('<mark>')
      const pieces = [text.slice(0, first), text.slice(first, second), text.slice(second), '>']
      const found = pieces.map((piece) => counter.count(Buffer.from(piece)))
      expect(found.reduce((sum, n) => sum + n)).toBe(wholeMarkers + 1)
    }
  }
})

test('bytes beyond the given length are ignored', () => {
  expect(new MarkerCounter('<mark>').count(Buffer.from('<mark><mark>'), 8)).toBe(1)
})

test('a marker that repeats its first byte is refused', () => {
  expect(() => new MarkerCounter('<a<')).toThrow('repeats')
})
