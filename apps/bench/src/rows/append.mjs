import { measurePlan } from './http-load.mjs'

const PRODUCERS = 64
const MESSAGE = 'm'.repeat(100)
const BATCH = JSON.stringify(Array.from({ length: 10 }, (_, n) => ({ n, text: 'm'.repeat(84) })))
const prefix = '/v1/stream/append-'
/** What rows with more streams are compared with as well. */
const ONE_STREAM = 'append-1'

/** 100-byte appends from many connections, round robin over the streams. */
function appendRow(streams, subjects) {
  const contentType = 'application/octet-stream'
  return {
    name: `append-${streams}`,
    group: 'append',
    title: `append 100 B, ${streams.toLocaleString('en-US')} stream${streams > 1 ? 's' : ''}`,
    unit: 'req/s',
    better: 'higher',
    bareMode: 'answer',
    needsStreams: false,
    oneStreamRow: streams > 1 ? ONE_STREAM : undefined,
    subjects,
    measure: async (context) => {
      await context.runTask('create-streams', { prefix, count: streams, contentType, body: '' })
      return measurePlan(context, {
        kind: 'append',
        prefix,
        count: streams,
        contentType,
        body: MESSAGE,
        connections: context.connections,
      })
    },
  }
}

const producerRow = {
  name: 'producer',
  group: 'producer',
  title: 'producer batches, 10 JSON messages of 100 B each, 64 producers, 1 stream',
  unit: 'req/s',
  better: 'higher',
  bareMode: 'answer',
  needsStreams: false,
  measure: async (context) => {
    const contentType = 'application/json'
    await context.runTask('create-streams', { prefix, count: 1, contentType, body: '' })
    const result = await measurePlan(context, {
      kind: 'producer',
      prefix,
      count: 1,
      contentType,
      body: BATCH,
      connections: PRODUCERS,
    })
    return { ...result, detail: `${Math.round(result.value * 10).toLocaleString('en-US')} messages/s` }
  },
}

/** Without the reference's file mode, which takes minutes to make so many streams. */
const MANY_STREAMS_SUBJECTS = ['bare', 'reference', 'node', 'hono', 'file', 'redis']

export const appendRows = [
  appendRow(1),
  appendRow(1000),
  appendRow(10_000),
  appendRow(100_000, MANY_STREAMS_SUBJECTS),
  producerRow,
]
