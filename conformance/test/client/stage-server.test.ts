import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, applyAndDrop, drop, truncate } from '../../src/client/stage/misbehaviour.js'
import { StageServer } from '../../src/client/stage/stage-server.js'
import { executeServerCases } from '../../src/run/execute-server-cases.js'

const stage = new StageServer()
beforeAll(() => stage.start())
afterAll(() => stage.stop())

let paths = 0
const newPath = (): string => `/v1/stream/stage-${(paths += 1)}`
const get = (path: string): Promise<Response> => fetch(`${stage.url}${path}`)

/** What clients are judged against must itself be right: our server cases, as far as the stage goes. */
const HONEST = [
  '4.1/closed-stays-closed',
  '4.1/every-mode-shows-the-closure',
  '5.1/creates-with-201',
  '5.1/another-content-type-answers-409',
  '5.2/append-answers-204',
  '5.2/another-content-type-answers-409',
  '5.2/empty-body-answers-400',
  '5.2/stream-seq-must-rise',
  '5.2.1/first-append-answers-200',
  '5.2.1/duplicate-answers-204',
  '5.2.1/gap-answers-409',
  '5.2.1/stale-epoch-answers-403',
  '5.2.1/new-epoch-starts-over',
  '5.2.1/repeating-the-closing-append-answers-204',
  '5.3/close-answers-204',
  '5.3/close-ends-sse',
  '5.4/delete-answers-204',
  '5.6/reads-from-the-beginning',
  '5.6/reads-from-every-offset',
  '5.6/end-of-a-closed-stream',
  '5.6/missing-stream-answers-404',
  '5.7/closed-tail-answers-at-once',
  '5.7/append-and-close-reaches-waiters',
  '5.8/data-then-control',
  '5.8/appends-arrive-live',
  '5.8/json-data-is-a-whole-array',
  '5.8/closed-stream-ends',
  '5.8/other-types-are-base64',
  '5.8/text-lines-are-split',
  '8/now-sse-starts-at-the-tail',
  '9.1/messages-keep-their-boundaries',
]

test('an honest stage passes the server cases that clients rely on', async () => {
  const cases = await executeServerCases({
    baseUrl: stage.url,
    longPollTimeoutMs: 300,
    capabilities: ['socket'],
    only: HONEST,
  })
  const failed = cases.filter(({ verdict }) => verdict !== 'passed')
  expect(failed.map(({ id, failure }) => `${id}: ${failure?.message ?? ''}`)).toEqual([])
}, 60_000)

describe('a script', () => {
  test('takes requests over one by one, and then lets the stage answer', async () => {
    const path = newPath()
    stage.put(path, { chunks: ['content'] })
    stage.script(path, 'READ', answer(503, { 'Retry-After': '1' }), drop)
    expect((await get(path)).status).toBe(503)
    await expect(get(path)).rejects.toThrow()
    expect(await (await get(path)).text()).toBe('content')
    expect(stage.requests(path, 'READ').map(({ status }) => status)).toEqual([503, null, 200])
  })

  test('of one kind leaves requests of others alone', async () => {
    const path = newPath()
    stage.put(path, { chunks: ['content'] })
    stage.script(path, 'LONG-POLL', answer(500))
    expect((await get(path)).status).toBe(200)
    expect((await get(`${path}?offset=-1&live=long-poll`)).status).toBe(500)
  })

  test('can apply an append and lose the answer', async () => {
    const path = newPath()
    const stream = stage.put(path)
    stage.script(path, 'POST', applyAndDrop)
    const append = { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } }
    await expect(fetch(`${stage.url}${path}`, append)).rejects.toThrow()
    expect(stream.chunks.map(String)).toEqual(['x'])
  })

  test('can announce more than it sends', async () => {
    const path = newPath()
    stage.put(path)
    stage.script(path, 'READ', truncate('whole', { 'Content-Type': 'text/plain' }, 2))
    const response = await get(path)
    expect(response.headers.get('content-length')).toBe('5')
    await expect(response.text()).rejects.toThrow()
  })
})
