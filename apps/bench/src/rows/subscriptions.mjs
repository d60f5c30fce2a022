import { measurePlan } from './http-load.mjs'

const CONNECTIONS = 64
const MESSAGE = 'm'.repeat(100)
const contentType = 'application/octet-stream'
const subjects = ['node', 'file', 'redis']

/** Wakes with as many webhooks under way as there are subscriptions. */
function wakeRow(name, title, subscriptions, toSample) {
  return {
    name,
    group: 'subscriptions',
    title,
    bareMode: 'answer',
    needsStreams: true,
    subjects,
    ...toSample,
    measure: async ({ runTask, seconds, warmUpSeconds }) => {
      const params = { subscriptions, seconds, warmUpMs: warmUpSeconds * 1000 }
      const { wakesPerSecond, p50Ms, p99Ms, errors } = await runTask('measure-wakes', params)
      if (p50Ms === null) throw new Error('nobody was woken')
      const value = toSample.unit === 'wakes/s' ? wakesPerSecond : p50Ms
      return { value, p50Ms, p99Ms, errors, detail: `${Math.round(wakesPerSecond)} wakes/s` }
    },
  }
}

/** What appends cost that so many subscriptions match. */
function matchedAppendRow(count) {
  return {
    name: `append-matched-${count}`,
    group: 'subscriptions',
    title: `append 100 B, 64 connections, 1 stream that ${count.toLocaleString('en-US')} subscriptions match`,
    unit: 'req/s',
    better: 'higher',
    bareMode: 'answer',
    needsStreams: true,
    subjects,
    measure: async (context) => {
      const prefix = '/v1/stream/matched-'
      const body = MESSAGE
      const path = `${prefix}0`
      const params = { count, pattern: '*', path, contentType, body }
      const { wakesPerSecond } = await context.runTask('subscribe-many', params)
      const plan = { kind: 'append', prefix, count: 1, contentType, body, connections: CONNECTIONS }
      const result = await measurePlan(context, plan)
      return { ...result, detail: `the first append woke them at ${Math.round(wakesPerSecond)}/s` }
    },
  }
}

export const subscriptionRows = [
  wakeRow('wakes', 'webhook wakes, 64 subscriptions at a time', 64, { unit: 'wakes/s', better: 'higher' }),
  wakeRow('wake-latency', 'append to webhook, 1 subscription', 1, { unit: 'ms p50', better: 'lower' }),
  ...[1, 100, 10_000].map(matchedAppendRow),
]
