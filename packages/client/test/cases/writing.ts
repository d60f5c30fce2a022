import { DurableStream, StreamClosedError } from '../../src/index.js'
import { countingFetch, equal, isTrue, rejection, sleep } from './case.js'
import type { Case } from './case.js'

const JSON_TYPE = 'application/json'

export const WRITING: readonly Case[] = [
  {
    name: 'a stream is created, found, described and deleted',
    async run({ newUrl }) {
      const url = newUrl()
      equal(await DurableStream.head({ url }), { exists: false })
      equal((await rejection(DurableStream.connect({ url })))['code'], 'NOT_FOUND')
      await DurableStream.create({ url, contentType: JSON_TYPE, ttlSeconds: 3600 })
      const handle = await DurableStream.connect({ url })
      equal(handle.contentType, JSON_TYPE)
      const head = await handle.head()
      equal([head.exists, head.streamClosed], [true, false])
      // Not every server shows this header to pages.
      const shown = (await fetch(url, { method: 'HEAD' })).headers.get('stream-ttl')
      if (shown !== null) equal(head.exists && head.ttlSeconds, 3600)
      const conflict = await rejection(DurableStream.create({ url, contentType: 'text/plain' }))
      equal([conflict['code'], conflict['status']], ['CONFLICT_EXISTS', 409])
      await DurableStream.delete({ url })
      equal((await rejection(handle.delete()))['code'], 'NOT_FOUND')
    },
  },
  {
    name: 'a stream is created with its content, closed or with an end',
    async run({ newUrl }) {
      const closed = await DurableStream.create({
        url: newUrl(),
        contentType: JSON_TYPE,
        body: '[1,2]',
        closed: true,
      })
      equal((await closed.head()).streamClosed, true)
      equal(await (await closed.stream()).json(), [1, 2])
      const expiresAt = '2099-01-02T03:04:05.000Z'
      const dated = await DurableStream.create({ url: newUrl(), contentType: 'text/plain', expiresAt })
      const head = await dated.head()
      const shown = (await fetch(dated.url, { method: 'HEAD' })).headers.get('stream-expires-at')
      if (shown !== null) equal(head.exists && new Date(head.expiresAt!).toISOString(), expiresAt)
    },
  },
  {
    name: 'appends of many callers share requests, in order',
    async run({ newUrl }) {
      const { fetch, count } = countingFetch()
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE, fetch })
      await Promise.all(Array.from({ length: 50 }, (_, n) => handle.append({ n })))
      isTrue(count('POST') <= 2, `50 appends in at most 2 requests, not ${count('POST')}`)
      const items = await (await handle.stream<{ n: number }>({ live: false })).json()
      equal(
        items.map(({ n }) => n),
        Array.from({ length: 50 }, (_, n) => n),
      )
    },
  },
  {
    name: 'a mistake of one caller is not that of the others',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const results = await Promise.allSettled([
        handle.append('1'),
        handle.append('{oops'),
        handle.append('"3"'),
      ])
      equal(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      equal(await (await handle.stream({ live: false })).json(), [1, '3'])
    },
  },
  {
    name: 'a handle without a content type learns it',
    async run({ newUrl }) {
      const url = newUrl()
      await DurableStream.create({ url, contentType: JSON_TYPE })
      const handle = new DurableStream({ url })
      await handle.append({ event: 'page_view', path: '/' })
      equal(handle.contentType, JSON_TYPE)
      equal(await (await handle.stream({ live: false })).json(), [{ event: 'page_view', path: '/' }])
    },
  },
  {
    name: 'Stream-Seq is judged for each append alone',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain' })
      const results = await Promise.allSettled(
        ['1', '2', '2', '3'].map((seq) => handle.append(`${seq};`, { seq })),
      )
      equal(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'rejected', 'fulfilled'],
      )
      equal(await (await handle.stream({ live: false })).text(), '1;2;3;')
    },
  },
  {
    name: 'a source is appended as it comes, and can be piped',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain' })
      await handle.appendStream(
        (async function* () {
          for (let i = 0; i < 100; i++) {
            await Promise.resolve()
            yield `${i},`
          }
        })(),
      )
      await new Blob(['pip']).stream().pipeTo(handle.writable({ lingerMs: 0 }), { preventClose: true })
      while ((await (await handle.stream({ live: false })).body()).length < 293) await sleep(5)
      await new Blob(['ed']).stream().pipeTo(handle.writable())
      const numbers = Array.from({ length: 100 }, (_, i) => `${i},`).join('')
      equal(await (await handle.stream({ live: false })).text(), `${numbers}piped`)
      equal((await handle.head()).streamClosed, true)
    },
  },
  {
    name: 'closing comes after the appends before it, and is final',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const append = handle.append({ n: 1 })
      const { finalOffset } = await handle.close({ body: { n: 2 } })
      await append
      equal(await (await handle.stream()).json(), [{ n: 1 }, { n: 2 }])
      equal(await handle.close(), { finalOffset }, 'closing again')
      const error = await rejection(handle.append({ n: 3 }))
      isTrue(error instanceof StreamClosedError, 'a StreamClosedError')
      equal(
        [error['code'], error['finalOffset'], error['batch']],
        ['STREAM_CLOSED', finalOffset, { messages: 1, bytes: 7 }],
      )
    },
  },
  {
    name: 'a stream is forked',
    async run({ newUrl }) {
      const source = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      await source.append({ n: 1 })
      const { offset } = await source.head()
      await source.append({ n: 2 })
      const forkedFrom = new URL(source.url).pathname
      const fork = await DurableStream.create({ url: newUrl(), forkedFrom, forkOffset: offset! })
      await fork.append({ n: 3 })
      equal(await (await fork.stream({ live: false })).json(), [{ n: 1 }, { n: 3 }])
      const finer = await DurableStream.create({
        url: newUrl(),
        forkedFrom,
        forkOffset: offset!,
        forkSubOffset: 1,
      })
      equal(await (await finer.stream({ live: false })).json(), [{ n: 1 }, { n: 2 }])
    },
  },
]
