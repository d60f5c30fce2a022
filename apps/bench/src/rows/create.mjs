import { measurePlan } from './http-load.mjs'

// Every request leaves a stream behind, so the row is bounded however long the others run.
const LONGEST_SECONDS = 5

export const createRows = [
  {
    name: 'create',
    group: 'create',
    title: 'create an empty stream, 64 connections',
    unit: 'req/s',
    better: 'higher',
    bareMode: 'answer',
    needsStreams: false,
    measure: (context) =>
      measurePlan(
        { ...context, seconds: Math.min(context.seconds, LONGEST_SECONDS) },
        {
          kind: 'create',
          prefix: '/v1/stream/create-',
          count: 1,
          contentType: 'application/octet-stream',
          body: '',
          connections: 64,
        },
      ),
  },
]
