import { marker, messageBody } from './live-message.mjs'

const READERS = 2000

export const fanOutRows = [
  {
    name: 'fanout',
    group: 'fanout',
    title: `SSE fan-out, 1 stream, ${READERS.toLocaleString('en-US')} readers`,
    unit: 'deliveries/s',
    better: 'higher',
    bareMode: 'fan-out',
    needsStreams: false,
    measure: async ({ runTask, seconds, warmUpSeconds }) => {
      const result = await runTask('measure-fan-out', {
        path: '/v1/stream/fan-out',
        readers: READERS,
        seconds,
        body: messageBody,
        marker,
        pauseMs: 0,
        warmUpMs: warmUpSeconds * 1000,
      })
      return {
        value: result.deliveriesPerSecond,
        errors: result.errors,
        p50Ms: result.p50Ms,
        p99Ms: result.p99Ms,
        detail: `${Math.round(result.deliveries / READERS)} messages`,
      }
    },
  },
]
