import { DurableStream, IdempotentProducer, StaleEpochError, StreamClosedError } from '../../src/index.js'
import { countingFetch, equal, isTrue, rejection } from './case.js'
import type { Case } from './case.js'

const JSON_TYPE = 'application/json'

async function numbersIn(handle: DurableStream): Promise<number[]> {
  return (await (await handle.stream<{ n: number }>({ live: false })).json()).map(({ n }) => n)
}

export const PRODUCING: readonly Case[] = [
  {
    name: 'a producer appends everything once, in order, in few requests',
    async run({ newUrl }) {
      const { fetch, count } = countingFetch()
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE, fetch })
      const producer = new IdempotentProducer(handle, 'p', { maxBatchBytes: 1000 })
      const last = Array.from({ length: 1000 }, (_, n) => producer.append({ n })).at(-1)!
      await producer.flush()
      equal(
        await numbersIn(handle),
        Array.from({ length: 1000 }, (_, n) => n),
      )
      const { offset, duplicate } = await last
      equal([offset, duplicate], [(await handle.head()).offset, false])
      equal(producer.lastSuccessfulOffset, offset)
      equal([producer.pendingCount, producer.inFlightCount], [0, 0])
      isTrue(count('POST') <= 30, `about 12 requests, not ${count('POST')}`)
    },
  },
  {
    name: 'a producer closes the stream with a last message, and takes no more',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const producer = new IdempotentProducer(handle, 'p')
      void producer.append({ n: 1 })
      const { finalOffset } = await producer.close({ n: 2 })
      const head = await handle.head()
      equal([head.offset, head.streamClosed], [finalOffset, true])
      equal(await numbersIn(handle), [1, 2])
      equal((await rejection(producer.append({ n: 3 })))['code'], 'ALREADY_CLOSED')
      const late = await rejection(new IdempotentProducer(handle, 'q').append({ n: 3 }))
      isTrue(late instanceof StreamClosedError, 'a StreamClosedError')
      equal(late['batch'], { messages: 1, bytes: 7, producerId: 'q', epoch: 0, seq: 0 })
    },
  },
  {
    name: 'a detached producer leaves the stream open',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: 'text/plain' })
      const producer = new IdempotentProducer(handle, 'p', { lingerMs: 60_000 })
      void producer.append('a')
      await producer.detach()
      await handle.append('b')
      equal(await (await handle.stream({ live: false })).text(), 'ab')
    },
  },
  {
    name: 'a newer epoch fences the older one',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const old = new IdempotentProducer(handle, 'p', { onError: () => undefined })
      await old.append({ n: 1 })
      await new IdempotentProducer(handle, 'p', { epoch: 1 }).append({ n: 2 })
      const error = await rejection(old.append({ n: 3 }))
      isTrue(error instanceof StaleEpochError && error.currentEpoch === 1, 'fenced by epoch 1')
      equal((await rejection(old.append({ n: 4 })))['code'], 'STALE_EPOCH')
      equal(await numbersIn(handle), [1, 2])
    },
  },
  {
    name: 'autoClaim takes the name over, and nothing is lost when the epoch is the same',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      for (let n = 0; n < 3; n++) {
        const producer = new IdempotentProducer(handle, 'p', { autoClaim: true })
        void producer.append({ n })
        await producer.flush()
        equal(producer.epoch, n)
      }
      equal(await numbersIn(handle), [0, 1, 2])
      const without = await rejection(new IdempotentProducer(handle, 'p', { epoch: 2 }).append({ n: 9 }))
      isTrue(without instanceof StaleEpochError, 'an epoch that was used is refused, not swallowed')
    },
  },
  {
    name: 'a producer begins the next epoch when it is restarted',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const producer = new IdempotentProducer(handle, 'p')
      void producer.append({ n: 1 })
      await producer.restart()
      equal([producer.epoch, producer.nextSeq], [1, 0])
      await producer.append({ n: 2 })
      equal(await numbersIn(handle), [1, 2])
    },
  },
  {
    name: 'a producer goes on from its stored state',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const storage = new Map<string, string>()
      const first = new IdempotentProducer(handle, 'p', { storage })
      await first.append({ n: 1 })
      const crashed = new IdempotentProducer(handle, 'p', { storage })
      await crashed.append({ n: 2 })
      equal(crashed.epoch, 1, 'epoch after a crash')
      await crashed.detach()
      const next = new IdempotentProducer(handle, 'p', { storage })
      await next.append({ n: 3 })
      equal([next.epoch, next.nextSeq], [1, 2], 'epoch and number after a clean end')
      equal(await numbersIn(handle), [1, 2, 3])
    },
  },
  {
    name: 'a refused batch fails alone',
    async run({ newUrl }) {
      const handle = await DurableStream.create({ url: newUrl(), contentType: JSON_TYPE })
      const told: string[] = []
      const producer = new IdempotentProducer(handle, 'p', {
        onError: (error) => told.push((error as Error & { code: string }).code),
      })
      const results = await Promise.allSettled([
        producer.append({ n: 1 }),
        producer.append('{oops'),
        producer.append({ n: 2 }),
      ])
      equal(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      equal(told, ['PARSE_ERROR'])
      equal(await numbersIn(handle), [1, 2])
    },
  },
]
