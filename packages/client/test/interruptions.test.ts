import { DurableStream, IdempotentProducer } from '../src/index.js'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { DurableStreamTestServer } from '@ds/server'
import { fastClock } from './faults/fast-clock.js'

const server = new DurableStreamTestServer({ port: 0 })
let base = ''

beforeAll(async () => {
  base = `${await server.start()}/v1/stream`
})
afterAll(() => server.stop())

test.each(['sse', 'long-poll'] as const)(
  'a live read by %s from before a sleep is made anew, and misses nothing',
  async (live) => {
    const clock = fastClock()
    let sleptMs = 0
    const lives: AbortSignal[] = []
    const handle = await DurableStream.create({
      url: `${base}/sleep-${live}`,
      contentType: 'application/json',
    })
    await handle.append(0)
    const response = await handle.stream({
      live,
      clock: { ...clock, now: () => clock.now() + sleptMs },
      // The connections of before the sleep are dead: nothing comes through them, not even their end.
      fetch: async (input, init) => {
        const isLive = (input as string).includes('live=')
        if (isLive) lives.push(init!.signal!)
        if (isLive && lives.length === 1)
          return new Promise((_, reject) => init!.signal!.addEventListener('abort', reject))
        return fetch(input, init)
      },
      sseResilience: { firstEventTimeout: 1e9 },
      idleTimeout: 1e9,
    })
    const seen: unknown[] = []
    response.subscribeJson((batch) => seen.push(...batch.items))
    await vi.waitFor(() => expect(lives).toHaveLength(1))
    await handle.append(1)
    sleptMs = 3_600_000
    await vi.waitFor(() => expect(seen).toEqual([0, 1]))
    expect(lives[0]!.aborted).toBe(true)
    response.cancel()
  },
)

test('a producer that has halted begins anew after restart, without what was under way', async () => {
  const url = `${base}/restart`
  const handle = new DurableStream({ url, contentType: 'application/json' })
  const producer = new IdempotentProducer(handle, 'p')
  await expect(producer.append(1)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    batch: { messages: 1, seq: 0 },
  })
  await expect(producer.append(2)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await handle.create()
  await producer.restart()
  await producer.append(3)
  expect([producer.epoch, producer.nextSeq]).toEqual([1, 1])
  await producer.flush()
  expect(await (await handle.stream({ live: false })).json()).toEqual([3])
})

test('a producer whose signal is aborted fails what waits, and sends no more', async () => {
  const handle = await DurableStream.create({ url: `${base}/aborted`, contentType: 'application/json' })
  const controller = new AbortController()
  const told: string[] = []
  const producer = new IdempotentProducer(handle, 'p', {
    signal: controller.signal,
    lingerMs: 60_000,
    onError: (error) => told.push((error as Error & { code: string }).code),
  })
  const append = producer.append(1)
  controller.abort()
  await expect(append).rejects.toMatchObject({ code: 'ABORTED' })
  await expect(producer.append(2)).rejects.toMatchObject({ code: 'ABORTED' })
  await producer.flush()
  expect(told).toEqual(['ABORTED', 'ABORTED'])
  expect(await (await handle.stream({ live: false })).json()).toEqual([])
})

test('a producer with a storage goes on in the next epoch, which it writes down first, after a refused batch', async () => {
  const handle = await DurableStream.create({ url: `${base}/refused`, contentType: 'application/json' })
  const storage = new Map<string, string>()
  const fetchLimited: typeof fetch = (input, init) =>
    (init?.body as Uint8Array | undefined)?.length === 2_002 + 2
      ? Promise.resolve(new Response(null, { status: 413 }))
      : fetch(input, init)
  const producer = new IdempotentProducer(handle, 'p', {
    storage,
    fetch: fetchLimited,
    onError: () => undefined,
  })
  await producer.append(1)
  await expect(producer.append(JSON.stringify('x'.repeat(2_000)))).rejects.toMatchObject({
    code: 'PAYLOAD_TOO_LARGE',
    batch: { messages: 1, epoch: 0, seq: 1 },
  })
  await producer.flush()
  expect(JSON.parse([...storage.values()][0]!)).toEqual({ epoch: 1, nextSeq: 0, clean: false })
  await producer.append(2)
  expect([producer.epoch, producer.nextSeq]).toEqual([1, 1])
  expect(await (await handle.stream({ live: false })).json()).toEqual([1, 2])
})
