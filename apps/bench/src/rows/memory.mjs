import { marker, messageBody } from './live-message.mjs'

const STREAMS = 20_000
const WARM_UP_STREAMS = 2000
const MANY_STREAMS = 100_000
const READERS = 2000
const WARM_UP_READERS = 200

const shared = { group: 'memory', unit: 'bytes RSS', better: 'lower' }

const perStream = {
  ...shared,
  name: 'memory-stream',
  title: `memory per stream of 100 B, ${STREAMS.toLocaleString('en-US')} streams`,
  bareMode: 'answer',
  needsStreams: true,
  measure: async ({ runTask, subject }) => {
    const content = { contentType: 'application/octet-stream', body: 'm'.repeat(100) }
    await runTask('create-streams', { prefix: '/v1/stream/warm-up-', count: WARM_UP_STREAMS, ...content })
    const before = await subject.measureMemory()
    await runTask('create-streams', { prefix: '/v1/stream/memory-', count: STREAMS, ...content })
    return { ...divideGrowth(before, await subject.measureMemory(), STREAMS), errors: 0 }
  },
}

const perReader = {
  ...shared,
  name: 'memory-reader',
  title: `memory per live SSE reader, ${READERS.toLocaleString('en-US')} readers`,
  bareMode: 'fan-out',
  needsStreams: false,
  measure: async ({ runTask, subject }) => {
    const usage = {}
    const params = {
      path: '/v1/stream/readers',
      readers: READERS,
      warmUpReaders: WARM_UP_READERS,
      body: messageBody,
      marker,
    }
    const { errors } = await runTask('hold-readers', params, async (name) => {
      usage[name] = await subject.measureMemory()
    })
    return { ...divideGrowth(usage.before, usage.open, READERS), errors }
  },
}

/** RSS includes what the allocators keep; the live bytes in the detail are what the collector still sees. */
function divideGrowth(before, after, count) {
  const liveBytes = (usage) => usage.heapUsed + usage.external
  const live = Math.round((liveBytes(after) - liveBytes(before)) / count).toLocaleString('en-US')
  return { value: (after.rss - before.rss) / count, detail: `${live} bytes live on the heap and in buffers` }
}

const manyStreams = {
  ...shared,
  name: 'many-streams',
  title: `resident with ${MANY_STREAMS.toLocaleString('en-US')} streams of 1 KiB, and after a restart`,
  bareMode: 'answer',
  needsStreams: true,
  subjects: ['file'],
  settings: { directory: 'many-streams' },
  measure: async ({ runTask, subject, restart }) => {
    const content = { contentType: 'application/octet-stream', body: 'm'.repeat(1024) }
    await runTask('create-streams', { prefix: '/v1/stream/many-', count: MANY_STREAMS, ...content })
    const { rss } = await subject.measureMemory()
    const stopping = performance.now()
    const again = await restart()
    const { startMs } = again
    const after = await again.measureMemory()
    const stopMs = Math.round(performance.now() - stopping - startMs)
    const detail = `stop ${stopMs} ms, start ${Math.round(startMs)} ms with node's own, then ${Math.round(after.rss / 2 ** 20)} MiB`
    return { value: rss, detail, errors: 0 }
  },
}

export const memoryRows = [perStream, perReader, manyStreams]
