import { expect, test } from 'vitest'
import type { SseEvent } from './sse-parser.js'
import { SseParser } from './sse-parser.js'
import fc from 'fast-check'

function parse(...chunks: string[]): SseEvent[] {
  const parser = new SseParser()
  return chunks.flatMap((chunk) => parser.push(chunk))
}

test('an event has a type and the lines of its data', () => {
  expect(parse('event: data\ndata:[1,\ndata: 2]\n\nevent: control\ndata:{}\n\n')).toEqual([
    { type: 'data', data: '[1,\n2]' },
    { type: 'control', data: '{}' },
  ])
})

test('exactly one space after the colon is not data', () => {
  expect(parse('data:  two\n\ndata:none\n\n').map(({ data }) => data)).toEqual([' two', 'none'])
})

test('comments, unknown fields and a byte order mark at the start are left out', () => {
  expect(parse('\ufeff:hello\nid: 7\ndata: \ufeffx\nretry\n\n:\n\n')).toEqual([
    { type: 'message', data: '\ufeffx' },
  ])
})

test('an event that was not ended is not told of', () => {
  expect(parse('event: data\ndata: x\n')).toEqual([])
})

test('it does not matter where chunks are cut, nor how lines end', () => {
  const line = fc.constantFrom('event: data', 'data: a', 'data:', 'data: ü𝄞', ':c', '', '')
  const ending = fc.constantFrom('\n', '\r\n', '\r')
  const script = fc.array(fc.tuple(line, ending), { maxLength: 12 })
  fc.assert(
    fc.property(script, fc.array(fc.nat(60), { maxLength: 8 }), (lines, cuts) => {
      // Ended by LF: whether a CR at the very end is half of a CRLF is not known yet.
      const text = `${lines.map(([content, end]) => content + end).join('')}:\n`
      const want = parse(text.replace(/\r\n?/g, '\n'))
      const places = [0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]
      const chunks = places.slice(1).map((place, i) => text.slice(places[i], place))
      expect(parse(...chunks)).toEqual(want)
    }),
  )
})
