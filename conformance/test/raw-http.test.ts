import { expect, test } from 'vitest'
import { parseResponses } from '../src/server/raw-http.js'

const get = { method: 'GET', target: '/', headers: {} }

test('several responses of one connection are told apart by their lengths', () => {
  const wire =
    'HTTP/1.1 100 Continue\r\n\r\n' +
    'HTTP/1.1 204 No Content\r\nStream-Next-Offset: 7\r\n\r\n' +
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc' +
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n' +
    'HTTP/1.1 404 Not Found\r\n\r\nto the end'
  const answers = parseResponses(get, Buffer.from(wire), 1)
  expect(answers.map((answer) => [answer.status, answer.text])).toEqual([
    [100, ''],
    [204, ''],
    [200, 'abc'],
    [200, 'def'],
    [404, 'to the end'],
  ])
  expect(answers[1]?.nextOffset).toBe('7')
})

test('a response to HEAD has no body, whatever length it names', () => {
  const wire = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'
  expect(parseResponses({ ...get, method: 'HEAD' }, Buffer.from(wire), 1)[0]?.bytes).toHaveLength(0)
})
