import { DurableStream, IdempotentProducer, stream } from '../../src/index.js'
import { countingFetch, equal, isTrue, rejection, sleep } from './case.js'
import type { Case, CaseContext } from './case.js'
import type { StreamOptions } from '../../src/index.js'

/** Reads a stream through a fault while it is written, and tells what came. */
async function readThrough(
  { newUrl, faulty }: CaseContext,
  fault: string,
  options: Omit<StreamOptions, 'url'>,
): Promise<number[]> {
  const url = newUrl()
  const handle = await DurableStream.create({ url, contentType: 'application/json' })
  await handle.append({ n: 0 })
  const response = await stream<{ n: number }>({
    url: faulty(url, fault),
    backoffOptions: { initialDelay: 5, maxDelay: 50, multiplier: 2 },
    ...options,
  })
  const seen: number[] = []
  for await (const { n } of response) {
    seen.push(n)
    if (n < 4) await handle.append({ n: n + 1 })
    else await handle.close()
  }
  return seen
}

const ALL = [0, 1, 2, 3, 4]

export const RECOVERING: readonly Case[] = [
  ...(['long-poll', 'sse'] as const).map((live) => ({
    name: `a live read by ${live} survives lost connections`,
    async run(context: CaseContext) {
      equal(await readThrough(context, 'drop', { live }), ALL)
    },
  })),
  {
    name: 'an event stream that breaks before its control event is read again from there',
    async run(context) {
      equal(await readThrough(context, 'cut-events', { live: 'sse' }), ALL)
    },
  },
  {
    name: 'a live read survives 503 and 429, and waits as long as it is told',
    async run(context) {
      const start = Date.now()
      equal(await readThrough(context, 'busy', {}), ALL)
      isTrue(Date.now() - start >= 950, 'Retry-After is honoured')
    },
  },
  {
    name: 'onError refreshes a token that expires in the middle of a read',
    async run(context) {
      const codes: string[] = []
      const seen = await readThrough(context, 'expire', {
        live: 'long-poll',
        headers: { Authorization: 'Bearer 1' },
        onError: (error) => {
          codes.push((error as Error & { code: string }).code)
          return { headers: { authorization: 'Bearer 2' } }
        },
      })
      equal([seen, codes], [ALL, ['UNAUTHORIZED']])
    },
  },
  {
    name: 'header functions give a new token without being asked twice',
    async run(context) {
      let calls = 0
      const headers = { Authorization: () => `Bearer ${++calls > 3 ? 2 : 1}` }
      equal(await readThrough(context, 'expire', { headers, live: 'long-poll' }), ALL)
    },
  },
  {
    name: 'without a handler an expired token ends the read with an error',
    async run(context) {
      const headers = { Authorization: 'Bearer 1' }
      equal(
        (await rejection(readThrough(context, 'expire', { headers, live: 'long-poll' })))['code'],
        'UNAUTHORIZED',
      )
    },
  },
  {
    name: 'event streams that a proxy keeps back give way to long-poll',
    async run(context) {
      const { fetch, urls } = countingFetch()
      const sseResilience = { firstEventTimeout: 200, logWarnings: false }
      equal(await readThrough(context, 'buffer-events', { fetch, sseResilience }), ALL)
      isTrue(
        urls.some((url) => url.includes('live=sse')),
        'SSE was tried',
      )
      isTrue(
        urls.some((url) => url.includes('live=long-poll')),
        'long-poll took over',
      )
    },
  },
  {
    name: 'a cache that gives the same answer again is gone around',
    async run(context) {
      equal(await readThrough(context, 'stale', { live: 'long-poll' }), ALL)
    },
  },
  {
    name: 'a connection that falls silent is given up',
    async run(context) {
      equal(await readThrough(context, 'silent', { live: 'long-poll', idleTimeout: 300 }), ALL)
    },
  },
  {
    name: 'a deleted stream ends a live read with an error',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'application/json' })
      const response = await handle.stream({ live: 'long-poll' })
      const items = response.jsonStream().getReader()
      const end = rejection(items.read())
      await sleep(50)
      await handle.delete()
      equal((await end)['code'], 'NOT_FOUND')
      equal((await rejection(response.closed))['code'], 'NOT_FOUND')
    },
  },
  {
    name: 'a producer whose answers get lost repeats nothing',
    async run({ newUrl, faulty }) {
      const url = newUrl()
      const handle = await DurableStream.create({ url, contentType: 'application/json' })
      const through = new DurableStream({
        url: faulty(url, 'lose-answers'),
        contentType: 'application/json',
        backoffOptions: { initialDelay: 5, maxDelay: 20, multiplier: 2 },
      })
      const state = { epoch: 0, nextSeq: 0, clean: true }
      const producer = new IdempotentProducer(through, 'p', { maxBatchBytes: 30, maxInFlight: 3, state })
      for (let n = 0; n < 20; n++) void producer.append({ n })
      await producer.flush()
      const items = await (await handle.stream<{ n: number }>({ live: false })).json()
      equal(
        items.map(({ n }) => n),
        Array.from({ length: 20 }, (_, n) => n),
      )
    },
  },
  {
    name: 'an append whose answer got lost is not sent again',
    async run({ newUrl, faulty }) {
      const url = newUrl()
      const handle = await DurableStream.create({ url, contentType: 'application/json' })
      const { fetch, count } = countingFetch()
      const through = new DurableStream({
        url: faulty(url, 'lose-answers'),
        contentType: 'application/json',
        fetch,
      })
      const [result] = await Promise.allSettled([through.append({ n: 1 })])
      equal(count('POST'), 1, 'requests')
      // Deno's own fetch sends it again, and has an answer then.
      if (result.status === 'rejected') equal((result.reason as { code: string }).code, 'NETWORK')
      isTrue((await (await handle.stream({ live: false })).json()).length > 0, 'the append had its effect')
    },
  },
]
