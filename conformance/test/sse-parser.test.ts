import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import { SseParser, type SseEvent } from '../src/index.js'

function parse(...chunks: readonly (string | Uint8Array)[]): SseEvent[] {
  const parser = new SseParser()
  return chunks.flatMap((chunk) => parser.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
}

describe('SseParser', () => {
  test('an event has its type, its joined data and its lines', () => {
    expect(parse('event: data\ndata:one\ndata: two\n\n')).toEqual([
      { type: 'data', data: 'one\ntwo', lines: ['event: data', 'data:one', 'data: two'] },
    ])
  })

  test('exactly one leading space is taken off a value', () => {
    expect(parse('data:  two\n\ndata: one\n\ndata:none\n\n').map((event) => event.data)).toEqual([
      ' two',
      'one',
      'none',
    ])
  })

  test('LF, CR and CRLF all end a line', () => {
    expect(parse('data:a\r\ndata:b\rdata:c\n\r\n').map((event) => event.data)).toEqual(['a\nb\nc'])
  })

  test('a CRLF split between chunks ends one line, not two', () => {
    expect(parse('data:a\r', '\ndata:b\n\n').map((event) => event.data)).toEqual(['a\nb'])
  })

  test('empty data lines keep their line feeds', () => {
    expect(parse('data:\ndata:\n\n').map((event) => event.data)).toEqual(['\n'])
  })

  test('comments and events without data dispatch nothing', () => {
    expect(parse(': hello\n\nevent: data\n\nid: 7\n\n')).toEqual([])
  })

  test('an event without a type is a message', () => {
    expect(parse('data:x\n\n')[0]?.type).toBe('message')
  })

  test('only a byte order mark at the very beginning is dropped', () => {
    expect(parse('\uFEFFdata:\uFEFFx\n\n\uFEFFdata:y\n\n').map((event) => event.data)).toEqual(['\uFEFFx'])
  })

  test('an event that is not complete is not dispatched', () => {
    const parser = new SseParser()
    expect(parser.push(Buffer.from('data:x\n'))).toEqual([])
    expect(parser.isBetweenEvents).toBe(false)
    expect(parser.push(Buffer.from('\n'))).toHaveLength(1)
    expect(parser.isBetweenEvents).toBe(true)
  })

  test('where the chunks are cut makes no difference', () => {
    const wire = Buffer.from('event: data\r\ndata:é€😀\rdata:  x\n\nevent: control\ndata:{"a":1}\n\n')
    const whole = parse(wire)
    fc.assert(
      fc.property(fc.array(fc.nat(wire.length), { maxLength: 8 }), (cuts) => {
        const borders = [0, ...cuts.sort((a, b) => a - b), wire.length]
        const chunks = borders.slice(1).map((end, index) => wire.subarray(borders[index], end))
        expect(parse(...chunks)).toEqual(whole)
      }),
    )
  })
})
