import { expect, test } from 'vitest'
import { AppendQueue } from './append-queue.js'
import type { AppendChain, QueuedAppend } from './append-queue.js'

/** A queue whose requests are answered by hand. */
function createQueue(): {
  queue: AppendQueue
  requests: { texts: string[]; answer: (error?: Error) => void }[]
} {
  const requests: { texts: string[]; answer: (error?: Error) => void }[] = []
  const queue = new AppendQueue(
    (batch) =>
      new Promise((resolve, reject) => {
        requests.push({
          texts: batch.map(({ bytes }) => new TextDecoder().decode(bytes)),
          answer: (error) => (error === undefined ? resolve() : reject(error)),
        })
      }),
  )
  return { queue, requests }
}

function append(text: string, more: Partial<QueuedAppend> = {}): QueuedAppend {
  const bytes = new TextEncoder().encode(text)
  return { bytes, contentType: 'text/plain', headers: null, signal: undefined, ...more }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

test('appends of one turn share a request, and so do those that come while it is under way', async () => {
  const { queue, requests } = createQueue()
  const all = [queue.add(append('a')), queue.add(append('b'))]
  await turn()
  all.push(queue.add(append('c')), queue.add(append('d')))
  requests[0]!.answer()
  await turn()
  requests[1]!.answer()
  await Promise.all(all)
  expect(requests.map(({ texts }) => texts)).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ])
})

test('other types, headers of their own and too many bytes have requests of their own, in order', async () => {
  const { queue, requests } = createQueue()
  const appends = [
    append('a'),
    append('b', { headers: { 'stream-seq': '1' } }),
    append('c', { contentType: 'text/html' }),
    append('x'.repeat(2_000_000)),
    append('d'),
  ]
  const all = appends.map((one) => queue.add(one))
  for (let i = 0; i < 5; i++) {
    await turn()
    requests[i]!.answer()
  }
  await Promise.all(all)
  expect(requests.map(({ texts }) => texts[0]!.slice(0, 1))).toEqual(['a', 'b', 'c', 'x', 'd'])
})

test('a failed request fails what it carried, and nothing else', async () => {
  const { queue, requests } = createQueue()
  const first = queue.add(append('a'))
  await turn()
  const second = queue.add(append('b'))
  requests[0]!.answer(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await turn()
  requests[1]!.answer()
  await second
})

test('what follows a failed link of its chain is not sent', async () => {
  const { queue, requests } = createQueue()
  const chain: AppendChain = {}
  const first = queue.add(append('a', { chain }))
  await turn()
  const later = [queue.add(append('b', { chain })), queue.add(append('c'))]
  requests[0]!.answer(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await expect(later[0]).rejects.toThrow('no')
  requests[1]!.answer()
  await later[1]
  expect(requests[1]!.texts).toEqual(['c'])
})

test('an append that was given up before it was sent is not sent', async () => {
  const { queue, requests } = createQueue()
  const controller = new AbortController()
  const first = queue.add(append('a'))
  await turn()
  const second = queue.add(append('b', { signal: controller.signal }))
  const third = queue.add(append('c'))
  controller.abort()
  requests[0]!.answer()
  await first
  await expect(second).rejects.toMatchObject({ code: 'ABORTED' })
  requests[1]!.answer()
  await third
  expect(requests[1]!.texts).toEqual(['c'])
})

test('an append that is given up while it is under way with others rejects at once', async () => {
  const { queue, requests } = createQueue()
  const controller = new AbortController()
  const first = queue.add(append('a', { signal: controller.signal }))
  const second = queue.add(append('b'))
  await turn()
  controller.abort()
  await expect(first).rejects.toMatchObject({ code: 'ABORTED' })
  requests[0]!.answer()
  await second
})

test('more than a bound does not wait', async () => {
  const { queue } = createQueue()
  const bytes = new Uint8Array(100_000_000)
  void queue.add({ ...append(''), bytes })
  await expect(queue.add({ ...append(''), bytes })).rejects.toMatchObject({ code: 'BUFFER_FULL' })
})
