import {
  DurableStream,
  DurableStreamError,
  FetchError,
  asAsyncIterableReadableStream,
  stream,
} from '../../src/index.js'
import { countingFetch, equal, isTrue, rejection } from './case.js'
import type { Case } from './case.js'

const JSON_TYPE = 'application/json'

export const READING: readonly Case[] = [
  {
    name: 'json() gives all messages of a stream',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      await handle.append({ event: 'user.created', userId: '123' })
      await handle.append('[1,[2]]')
      const response = await handle.stream({ live: false })
      equal(await response.json(), [{ event: 'user.created', userId: '123' }, [1, [2]]])
      await response.closed
      equal([response.upToDate, response.streamClosed, response.contentType], [true, false, JSON_TYPE])
      equal(response.offset, (await handle.head()).offset)
    },
  },
  {
    name: 'a read shows what was appended before it, whatever the runtime has cached',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      for (let n = 1; n <= 3; n++) {
        await handle.append(n)
        equal(await (await handle.stream({ live: false })).json(), [1, 2, 3].slice(0, n))
      }
      await handle.close()
      const closed = await handle.stream({ live: false })
      await closed.text()
      equal(closed.streamClosed, true)
    },
  },
  {
    name: 'body() gives the bytes as they were appended',
    async run({ newUrl }) {
      const url = newUrl()
      const handle = await DurableStream.create({ url, contentType: 'application/octet-stream' })
      const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256)
      await handle.append(bytes)
      equal([...(await (await stream({ url, live: false })).body())], [...bytes])
    },
  },
  {
    name: 'text() keeps line ends and characters of several bytes',
    async run({ newUrl }) {
      const url = newUrl()
      const handle = await DurableStream.create({ url, contentType: 'text/plain' })
      const encoded = new TextEncoder().encode('\ufeffa\r\nb\rc\n𝄞')
      await handle.append(encoded.slice(0, -2))
      await handle.append(encoded.slice(-2))
      equal(await (await stream({ url, live: false })).text(), '\ufeffa\r\nb\rc\n𝄞')
    },
  },
  {
    name: 'a live read of JSON goes on where the stream grows, and ends with it',
    async run({ newUrl }) {
      const url = newUrl()
      const { fetch, urls } = countingFetch()
      const handle = await DurableStream.create({ url, contentType: JSON_TYPE })
      await handle.append({ n: 0 })
      const response = await stream<{ n: number }>({ url, fetch })
      const seen: number[] = []
      for await (const { n } of response) {
        seen.push(n)
        if (n < 3) await handle.append({ n: n + 1 })
        else await handle.close()
      }
      equal(seen, [0, 1, 2, 3])
      equal([response.streamClosed, response.upToDate], [true, true])
      isTrue(
        urls.some((asked) => asked.includes('live=sse')),
        'SSE is chosen for JSON',
      )
    },
  },
  {
    name: 'a live read of bytes is by long-poll',
    async run({ newUrl }) {
      const url = newUrl()
      const { fetch, urls } = countingFetch()
      const handle = await DurableStream.create({ url, contentType: 'application/octet-stream' })
      await handle.append(new Uint8Array([1]))
      const response = await stream({ url, fetch })
      const seen: number[] = []
      for await (const chunk of response.bodyStream()) {
        seen.push(...chunk)
        if (seen.length < 3) await handle.append(new Uint8Array([seen.length + 1]))
        else await handle.close()
      }
      equal(seen, [1, 2, 3])
      isTrue(
        urls.some((asked) => asked.includes('live=long-poll')),
        'long-poll is chosen for bytes',
      )
    },
  },
  {
    name: 'SSE carries bytes and text',
    async run({ newUrl }) {
      for (const contentType of ['application/octet-stream', 'text/plain']) {
        const handle = await DurableStream.create({ url: newUrl(), contentType })
        const response = await handle.stream({ live: 'sse' })
        const reader = response.bodyStream().getReader()
        await handle.append('first\nline\n')
        const { value } = await reader.read()
        equal(new TextDecoder().decode(value), 'first\nline\n', contentType)
        await handle.close({ body: 'last' })
        equal(new TextDecoder().decode((await reader.read()).value), 'last', contentType)
        equal((await reader.read()).done, true, contentType)
      }
    },
  },
  {
    name: 'subscribers get batches with their offsets, one after the other',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      await handle.append({ n: 1 })
      const response = await handle.stream<{ n: number }>({ live: 'long-poll' })
      const offsets: string[] = []
      let running = 0
      response.subscribeJson(async ({ items, offset, streamClosed }) => {
        equal(++running, 1, 'callbacks at the same time')
        offsets.push(offset)
        equal(response.offset, offset)
        if (items[0]?.n === 1) await handle.append({ n: 2 })
        if (items[0]?.n === 2) await handle.close()
        if (streamClosed) equal(offset, (await handle.head()).offset)
        running--
      })
      await response.closed
      const rest = await handle.stream({ offset: offsets[0]!, live: false })
      equal(await rest.json(), [{ n: 2 }])
    },
  },
  {
    name: 'text and bytes can be subscribed to',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain' })
      await handle.append('abc')
      await handle.close()
      const texts = await handle.stream()
      let text = ''
      texts.subscribeText((chunk) => (text += chunk.text))
      await texts.closed
      const bytes = await handle.stream()
      let length = 0
      bytes.subscribeBytes((chunk) => (length += chunk.data.length))
      await bytes.closed
      equal([text, length], ['abc', 3])
    },
  },
  {
    name: 'offset now skips what is there',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      await handle.append({ n: 1 })
      const response = await handle.stream<{ n: number }>({ offset: 'now', live: 'long-poll' })
      await handle.append({ n: 2 })
      for await (const { n } of response.jsonStream()) {
        equal(n, 2)
        break
      }
      await response.closed
    },
  },
  {
    name: 'a storage lets the next read go on where the last one was done',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const storage = new Map<string, string>()
      await handle.append({ n: 1 })
      equal(await (await handle.stream({ live: false, storage })).json(), [{ n: 1 }])
      await handle.append({ n: 2 })
      const second = await handle.stream({ live: false, storage })
      equal(second.startOffset, storage.get(handle.url))
      equal(await second.json(), [{ n: 2 }])
      equal(await (await handle.stream({ live: false, storage })).json(), [])
    },
  },
  {
    name: 'cancel ends streams in good order, and rejects what would be incomplete',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      await handle.append({ n: 1 })
      const response = await handle.stream({ live: 'long-poll' })
      let count = 0
      setTimeout(() => response.cancel(), 50)
      for await (const item of response) if (item !== null) count++
      equal(count, 1)
      await response.closed
      const controller = new AbortController()
      const aborted = await handle.stream({ live: true, signal: controller.signal })
      controller.abort()
      equal((await rejection(aborted.json()))['code'], 'ABORTED')
      equal((await rejection(handle.stream({ signal: controller.signal })))['code'], 'ABORTED')
    },
  },
  {
    name: 'errors tell code, status, server code and URL',
    async run({ newUrl }) {
      const url = newUrl()
      const error = await rejection(stream({ url }))
      isTrue(error instanceof FetchError && error instanceof DurableStreamError, 'the classes of the error')
      equal([error['code'], error['status']], ['NOT_FOUND', 404])
      isTrue(String(error['url']).startsWith(url), 'the URL of the error')
    },
  },
  {
    name: 'a response is consumed once, and JSON only if it is some',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain' })
      const response = await handle.stream({ live: false })
      equal((await rejection(response.json()))['code'], 'BAD_REQUEST')
      equal(await response.text(), '')
      equal((await rejection(response.body()))['code'], 'ALREADY_CONSUMED')
    },
  },
  {
    name: 'nothing is asked for before the consumer wants it',
    async run({ newUrl }) {
      const { fetch, count } = countingFetch()
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain', fetch })
      for (let i = 0; i < 4; i++) await handle.append('x'.repeat(700_000))
      const response = await handle.stream({ live: 'long-poll' })
      const reader = asAsyncIterableReadableStream(response.textStream()).getReader()
      await reader.read()
      const asked = count('GET')
      await new Promise((resolve) => setTimeout(resolve, 50))
      equal(count('GET'), asked, 'requests while nobody reads')
      isTrue(asked <= 2, 'no more pages than were taken, and one')
      await reader.cancel()
      await response.closed
    },
  },
]
