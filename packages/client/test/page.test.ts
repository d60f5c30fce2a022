import { DurableStream, IdempotentProducer } from '../src/index.js'
import type { StreamResponse } from '../src/index.js'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { DurableStreamTestServer } from '@ds/server'

const server = new DurableStreamTestServer({ port: 0 })
let base = ''

beforeAll(async () => {
  base = `${await server.start()}/v1/stream`
})
afterAll(() => server.stop())
afterEach(() => vi.unstubAllGlobals())

/** A page that can be put into the background, and a fetch that tells which requests are open. */
class FakePage {
  readonly document: EventTarget & { visibilityState?: string } = new EventTarget()
  readonly window: EventTarget = new EventTarget()
  readonly open = new Set<string>()
  readonly fetch: typeof fetch = async (input, init) => {
    const url = input as string
    this.open.add(url)
    init?.signal?.addEventListener('abort', () => this.open.delete(url))
    return globalThis.fetch(url, init)
  }

  constructor() {
    this.document.visibilityState = 'visible'
    vi.stubGlobal('document', this.document)
    vi.stubGlobal('addEventListener', this.window.addEventListener.bind(this.window))
    vi.stubGlobal('removeEventListener', this.window.removeEventListener.bind(this.window))
  }

  turn(visibilityState: 'hidden' | 'visible'): void {
    this.document.visibilityState = visibilityState
    this.document.dispatchEvent(new Event('visibilitychange'))
  }

  live(): string[] {
    return [...this.open].filter((url) => url.includes('live='))
  }
}

async function readLive(
  page: FakePage,
  name: string,
  live: 'sse' | 'long-poll',
): Promise<{ handle: DurableStream; response: StreamResponse; seen: unknown[] }> {
  const handle = await DurableStream.create({ url: `${base}/${name}`, contentType: 'application/json' })
  await handle.append(0)
  const response = await handle.stream({ live, fetch: page.fetch })
  const seen: unknown[] = []
  response.subscribeJson((batch) => seen.push(...batch.items))
  await vi.waitFor(() => expect(page.live()).toHaveLength(1))
  return { handle, response, seen }
}

test.each(['sse', 'long-poll'] as const)(
  'a hidden page holds no %s connection, and misses nothing',
  async (live) => {
    const page = new FakePage()
    const { handle, response, seen } = await readLive(page, `hidden-${live}`, live)
    page.turn('hidden')
    await vi.waitFor(() => expect(page.live()).toEqual([]))
    await handle.append(1)
    await handle.append(2)
    expect(page.live()).toEqual([])
    page.turn('visible')
    await vi.waitFor(() => expect(seen).toEqual([0, 1, 2]))
    response.cancel()
    await response.closed
  },
)

test('a page that is told not to pause goes on in the background', async () => {
  const page = new FakePage()
  const handle = await DurableStream.create({ url: `${base}/background`, contentType: 'application/json' })
  const response = await handle.stream({ live: 'sse', fetch: page.fetch, pauseWhenHidden: false })
  const next = response.jsonStream().getReader().read()
  await vi.waitFor(() => expect(page.live()).toHaveLength(1))
  page.turn('hidden')
  await handle.append(1)
  expect((await next).value).toBe(1)
  response.cancel()
})

test('a read that is cancelled while its page is hidden ends', async () => {
  const page = new FakePage()
  const { response } = await readLive(page, 'cancelled', 'long-poll')
  page.turn('hidden')
  await vi.waitFor(() => expect(page.live()).toEqual([]))
  response.cancel()
  await response.closed
})

test('a storage that fails ends a read and a producer with an error of its own', async () => {
  const handle = await DurableStream.create({ url: `${base}/storage`, contentType: 'application/json' })
  await handle.append(1)
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error('quota')
    },
  }
  const response = await handle.stream({ live: false, storage: full })
  await expect(response.json()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  await expect(response.closed).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  const producer = new IdempotentProducer(handle, 'p', { storage: full })
  await expect(producer.append(2)).rejects.toMatchObject({ code: 'STORAGE_FAILED', batch: { messages: 1 } })
  await expect(producer.flush()).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('a callback that throws ends the read', async () => {
  const handle = await DurableStream.create({ url: `${base}/callback`, contentType: 'text/plain' })
  await handle.append('x')
  const response = await handle.stream()
  response.subscribeText(() => {
    throw new Error('mine')
  })
  await expect(response.closed).rejects.toThrow('mine')
})
