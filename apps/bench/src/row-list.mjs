import { appendRows } from './rows/append.mjs'
import { createRows } from './rows/create.mjs'
import { diskRows } from './rows/disk.mjs'
import { deliveryRows } from './rows/delivery.mjs'
import { fanOutRows } from './rows/fan-out.mjs'
import { memoryRows } from './rows/memory.mjs'
import { readRows } from './rows/read.mjs'
import { redisRows } from './rows/redis.mjs'
import { subscriptionRows } from './rows/subscriptions.mjs'

/**
 * Everything that is measured, in the order of the report.
 *
 * - `name` and `group`: what `--rows` selects by.
 * - `better`: 'higher' or 'lower', for the ratios.
 * - `bareMode`: which bare server is the ceiling for this row.
 * - `subjects`: the only subjects that it is measured with; all of them when it is left out.
 * - `needsStreams`: true when a subject that keeps nothing has no meaningful result.
 * - `measure(context)`: resolves with `{ value, errors, p50Ms, p99Ms, detail }`; all but the first two may
 *   be missing. The context is made in run-measurements.mjs.
 */
export const rows = [
  ...diskRows,
  ...redisRows,
  ...appendRows,
  ...readRows,
  ...deliveryRows,
  ...fanOutRows,
  ...subscriptionRows,
  ...createRows,
  ...memoryRows,
]
