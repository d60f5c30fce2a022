import { expect, test } from 'vitest'
import { Requester } from './requester.js'
import { createFetchWithBackoff, createFetchWithConsumedBody } from './fetch-wrappers.js'
import { ManualClock } from '../../test/manual-clock.js'
import { readStreamUrl, requestUrl } from './stream-url.js'

const NEVER = new AbortController().signal

test('parameters are in the order of their names, and the protocol has its own', () => {
  const url = requestUrl(
    'http://x/s?z=1&offset=9',
    { b: 'ü', a: '1', offset: 'mine' },
    { offset: '5', live: 'sse' },
  )
  expect(url).toBe('http://x/s?a=1&b=%C3%BC&live=sse&offset=5&z=1')
})

test.each([[undefined], [''], ['no url']])('%j is no URL of a stream', (url) => {
  expect(() => readStreamUrl(url)).toThrow(expect.objectContaining({ code: 'MISSING_URL' }))
})

test('functions are called for each request, and what onError gives wins from then on', async () => {
  const sent: [string, unknown][] = []
  let count = 0
  const requester = new Requester({
    url: 'http://x/s',
    headers: { Authorization: () => `token ${++count}`, 'X-Own': 'a' },
    params: { tenant: () => Promise.resolve('t'), none: undefined },
    fetch: (url, init) => {
      sent.push([url as string, init?.headers])
      return Promise.resolve(new Response())
    },
  })
  await requester.send({ method: 'GET' }, NEVER)
  expect(await requester.haveHeadersChanged()).toBe(true)
  requester.override({ headers: { authorization: 'fixed' }, params: { tenant: 'u' } })
  await requester.send({ method: 'GET', headers: { 'x-own': 'protocol' } }, NEVER)
  expect(await requester.haveHeadersChanged()).toBe(false)
  expect(sent).toEqual([
    ['http://x/s?tenant=t', { authorization: 'token 1', 'x-own': 'a' }],
    ['http://x/s?tenant=u', { authorization: 'fixed', 'x-own': 'protocol' }],
  ])
})

test('a fetch with back-off gives the first answer that does not pass, and the last of too many failures', async () => {
  const clock = new ManualClock()
  const answers = [
    new Error('no connection'),
    new Response('', { status: 503 }),
    new Response('', { status: 404 }),
  ]
  const flaky = createFetchWithBackoff(
    () => {
      const next = answers.shift() ?? new Response('', { status: 500 })
      // Time passes as soon as somebody waits for it.
      setTimeout(() => clock.advance(60_000), 5)
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    },
    { maxRetries: 2 },
    clock,
  )
  expect((await flaky('http://x/')).status).toBe(404)
  await expect(flaky('http://x/')).rejects.toMatchObject({ name: 'FetchError', status: 500 })
})

test('a consumed body is there all the same', async () => {
  const fetchWhole = createFetchWithConsumedBody(() => Promise.resolve(new Response('body', { status: 201 })))
  const response = await fetchWhole('http://x/')
  expect([response.status, await response.text()]).toEqual([201, 'body'])
})
