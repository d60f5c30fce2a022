import { DurableStream, IdempotentProducer, stream } from '../src/index.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { DurableStreamTestServer } from '@ds/server'

/** The examples of the protocol's documentation, with the import changed and the server's address filled in. */

const server = new DurableStreamTestServer({ port: 0 })
let base = ''

beforeAll(async () => {
  await server.start()
  base = `${server.baseUrl}/v1/stream`
})
afterAll(() => server.stop())

test('quick start: create, append, read back', async () => {
  const stream = await DurableStream.create({ url: `${base}/my-stream`, contentType: 'application/json' })
  await stream.append({ event: 'user.created', userId: '123' })
  const res = await stream.stream({ live: false })
  const items = await res.json()
  expect(items).toEqual([{ event: 'user.created', userId: '123' }])
})

test('usage: a producer that is not waited for, flush, close, read', async () => {
  const events = [{ type: 'click' }, { type: 'scroll' }]
  const stream = await DurableStream.create({ url: `${base}/usage`, contentType: 'application/json' })
  const producer = new IdempotentProducer(stream, 'my-service-1', { autoClaim: true })
  for (const event of events) {
    // As in the document: the promise is ignored.
    // eslint-disable-next-line @typescript-eslint/no-floating-promises
    producer.append(JSON.stringify(event))
  }
  await producer.flush()
  await producer.close()
  const res = await stream.stream({ live: false })
  expect(await res.json()).toEqual(events)
})

test('React and React Native: subscribe to a live stream by its URL alone', async () => {
  const url = `${base}/events`
  await DurableStream.create({ url, contentType: 'application/json' })
  let items: { n: number }[] = []
  const setItems = (update: (prev: typeof items) => typeof items): void => {
    items = update(items)
  }
  const stream = new DurableStream({ url })
  const res = await stream.stream<{ n: number }>({ live: 'auto' })
  res.subscribeJson(async (batch) => {
    await Promise.resolve()
    setItems((prev) => [...prev, ...batch.items])
  })
  await stream.append({ n: 1 })
  await stream.append({ n: 2 })
  await vi.waitFor(() => expect(items).toEqual([{ n: 1 }, { n: 2 }]))
  res.cancel()
})

test('Workers: create with a token, append', async () => {
  const env = { STREAM_TOKEN: 'secret' }
  const stream = await DurableStream.create({
    url: `${base}/worker`,
    headers: { Authorization: `Bearer ${env.STREAM_TOKEN}` },
    contentType: 'application/json',
  })
  await stream.append({ type: 'request', path: '/', timestamp: Date.now() })
  expect((await stream.head()).exists).toBe(true)
})

test('edge functions: append by URL and token, without a content type', async () => {
  await DurableStream.create({ url: `${base}/edge`, contentType: 'application/json' })
  const stream = new DurableStream({ url: `${base}/edge`, headers: { Authorization: 'Bearer secret' } })
  await stream.append({ event: 'page_view', path: '/' })
  const res = await stream.stream({ live: false })
  expect(await res.json()).toEqual([{ event: 'page_view', path: '/' }])
})

test('a stream is read by its URL', async () => {
  const res = await stream<{ event: string }>({ url: `${base}/edge`, offset: '-1', live: false })
  expect((await res.json()).map(({ event }) => event)).toEqual(['page_view'])
})
