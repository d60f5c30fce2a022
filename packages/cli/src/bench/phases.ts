import type { BenchClient } from './bench-client.js'
import { Latencies, type LatencySummary } from './latencies.js'

/** What is measured, and how. */
export interface BenchPlan {
  readonly durationMs: number
  /** Requests under way at the same time. */
  readonly connections: number
  /** Bytes of a message. */
  readonly size: number
  /** Live readers of the fan-out. */
  readonly readers: number
  readonly signal: AbortSignal
}

export interface AppendResult extends LatencySummary {
  readonly appends: number
  readonly perSecond: number
}

export interface DeliveryResult extends LatencySummary {
  readonly deliveries: number
  readonly perSecond: number
}

/** How long a delivery is waited for. */
const LOST_AFTER_MS = 10_000

/** As many appends as the server takes, from several connections. */
export async function measureAppends(
  client: BenchClient,
  url: string,
  plan: BenchPlan,
): Promise<AppendResult> {
  const latencies = new Latencies()
  const body = messageOf(0, plan.size)
  const startedAt = performance.now()
  const until = startedAt + plan.durationMs
  const work = async (): Promise<void> => {
    while (performance.now() < until && !plan.signal.aborted) {
      const sentAt = performance.now()
      await client.send('POST', url, body)
      latencies.add(performance.now() - sentAt)
    }
  }
  await Promise.all(Array.from({ length: plan.connections }, work))
  const seconds = (performance.now() - startedAt) / 1000
  return {
    appends: latencies.count,
    perSecond: Math.round(latencies.count / seconds),
    ...latencies.summary(),
  }
}

/** One append after the other, each seen by every reader before the next one: how long that takes. */
export async function measureDeliveries(
  client: BenchClient,
  url: string,
  readers: number,
  plan: BenchPlan,
): Promise<DeliveryResult> {
  const latencies = new Latencies()
  const round = { number: 0, sentAt: 0, missing: 0, onComplete: (): void => undefined }
  const onLine = (line: string): void => {
    if (!line.includes(`"n":${round.number},`)) return
    latencies.add(performance.now() - round.sentAt)
    if (--round.missing === 0) round.onComplete()
  }
  const stops = await Promise.all(Array.from({ length: readers }, () => client.follow(url, onLine)))
  const startedAt = performance.now()
  const until = startedAt + plan.durationMs
  try {
    while (performance.now() < until && !plan.signal.aborted) {
      const complete = new Promise<void>((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error('a reader did not get what was appended')),
          LOST_AFTER_MS,
        )
        round.onComplete = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      round.number++
      round.missing = readers
      round.sentAt = performance.now()
      await Promise.all([client.send('POST', url, messageOf(round.number, plan.size)), complete])
    }
  } finally {
    for (const stop of stops) stop()
  }
  const seconds = (performance.now() - startedAt) / 1000
  return {
    deliveries: latencies.count,
    perSecond: Math.round(latencies.count / seconds),
    ...latencies.summary(),
  }
}

function messageOf(number: number, size: number): string {
  const head = `{"n":${number},"pad":"`
  return `${head}${'x'.repeat(Math.max(0, size - head.length - 2))}"}`
}
