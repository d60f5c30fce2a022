import { marker, messageBody } from './live-message.mjs'

// Long enough for the reader's next long-poll to arrive before the next append.
const PAUSE_MS = 2
const path = '/v1/stream/delivery'
const busy = {
  prefix: '/v1/stream/busy-',
  count: 1000,
  contentType: 'application/octet-stream',
  body: 'm'.repeat(100),
}
/** For how long the load lasts beyond the measurement, so that none of it is measured without. */
const MARGIN_SECONDS = 2

const shared = {
  group: 'delivery',
  unit: 'ms p50',
  better: 'lower',
  bareMode: 'fan-out',
  needsStreams: false,
}

function toSample({ p50Ms, p99Ms, errors, deliveries }) {
  if (p50Ms === null) throw new Error('nothing was delivered')
  return { value: p50Ms, p50Ms, p99Ms, errors, detail: `${deliveries} messages` }
}

function measureSse({ runTask, seconds, warmUpSeconds }) {
  return runTask('measure-fan-out', {
    path,
    readers: 1,
    seconds,
    body: messageBody,
    marker,
    pauseMs: PAUSE_MS,
    warmUpMs: warmUpSeconds * 1000,
  })
}

export const deliveryRows = [
  {
    ...shared,
    name: 'delivery-long-poll',
    title: 'append to delivery, long-poll, 1 reader',
    measure: async ({ runTask, seconds, warmUpSeconds }) =>
      toSample(
        await runTask('measure-long-poll', {
          path,
          seconds,
          body: messageBody,
          pauseMs: PAUSE_MS,
          warmUpMs: warmUpSeconds * 1000,
        }),
      ),
  },
  {
    ...shared,
    name: 'delivery-sse',
    title: 'append to delivery, SSE, 1 reader',
    measure: async (context) => toSample(await measureSse(context)),
  },
  {
    ...shared,
    name: 'delivery-sse-busy',
    title: 'append to delivery, SSE, 1 reader, while others append',
    // The bare server would send what the others append to the reader, too.
    needsStreams: true,
    measure: async (context) => {
      const { generator, subject, runTask, seconds, warmUpSeconds, connections } = context
      await runTask('create-streams', { ...busy, body: '' })
      const others = generator.run({
        port: subject.port,
        plan: { ...busy, kind: 'append', tag: 'busy', connections },
        seconds: warmUpSeconds + seconds + MARGIN_SECONDS,
      })
      const [load, delivered] = await Promise.all([others, measureSse(context)])
      const sample = toSample(delivered)
      const rate = Math.round(load.requestsPerSecond).toLocaleString('en-US')
      return {
        ...sample,
        errors: sample.errors + load.errors,
        detail: `${sample.detail}, beside ${rate} appends/s`,
      }
    },
  },
]
