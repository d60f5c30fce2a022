import { expect, test } from 'vitest'
import { ResponseParser } from './response-parser.mjs'

const wire =
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nStream-Next-Offset: 7\r\n\r\nhello' +
  'HTTP/1.1 204 No Content\r\nX: y\r\n\r\n' +
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n' +
  'HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n'

function parseInPieces(size) {
  const responses = []
  let body = ''
  const parser = new ResponseParser({
    onBody: (bytes) => (body += bytes.toString()),
    onComplete: (response) => {
      responses.push({ ...response, body })
      body = ''
    },
  })
  for (let at = 0; at < wire.length; at += size) parser.push(Buffer.from(wire.slice(at, at + size)))
  return responses
}

test('responses come out the same whatever the sizes of the pieces', () => {
  for (const size of [1, 2, 3, 7, 50, wire.length]) {
    const responses = parseInPieces(size)
    expect(responses.map(({ status }) => status)).toEqual([200, 204, 200, 409])
    expect(responses.map(({ body }) => body)).toEqual(['hello', '', 'abc0123456789', ''])
    expect(responses.map(({ bodyBytes }) => bodyBytes)).toEqual([5, 0, 13, 0])
    expect(responses[0].headers['stream-next-offset']).toBe('7')
  }
})

test('a body without a length is a fault', () => {
  const parser = new ResponseParser({ onBody: () => undefined, onComplete: () => undefined })
  expect(() => parser.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without a length')
})
