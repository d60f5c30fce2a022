import { setTimeout as pause } from 'node:timers/promises'
import { DeliveryRounds } from './delivery-rounds.mjs'
import { formatRequest, HttpConnection, requireSuccess } from './http-connection.mjs'
import { LatencyHistogram } from './latency-histogram.mjs'
import { openReaders } from './sse-reader.mjs'

const WARM_UP_ROUNDS = 3

/**
 * Appends a message, waits until every reader has received it and the append was answered, and so on until
 * the time is over. The writer and the readers share this process, and so its clock.
 */
export async function measureFanOut({ port, path, readers, seconds, body, marker, pauseMs, warmUpMs }) {
  const headers = { 'Content-Type': 'application/json' }
  const writer = await HttpConnection.open(port)
  requireSuccess(await writer.request(formatRequest('PUT', path, headers)), 'PUT')
  const rounds = new DeliveryRounds(writer, formatRequest('POST', path, headers, body), readers)
  const open = await openReaders({
    port,
    path: `${path}?offset=now&live=sse`,
    marker,
    count: readers,
    onMarkers: (found) => rounds.receive(found),
  })
  await warmUp(rounds, warmUpMs, pauseMs)
  const latencies = new LatencyHistogram()
  rounds.recordInto(latencies)
  const startedAt = performance.now()
  while (performance.now() - startedAt < seconds * 1000 && rounds.missing === 0) {
    await rounds.run()
    if (pauseMs > 0) await pause(pauseMs)
  }
  const elapsedMs = performance.now() - startedAt
  const lost = open.lost()
  open.close()
  writer.close()
  return {
    deliveries: latencies.count,
    deliveriesPerSecond: latencies.count / (elapsedMs / 1000),
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
    errors: rounds.missing + rounds.surplus + rounds.refused + lost,
  }
}

async function warmUp(rounds, warmUpMs, pauseMs) {
  const startedAt = performance.now()
  for (let n = 0; n < WARM_UP_ROUNDS || performance.now() - startedAt < warmUpMs; n++) {
    await rounds.run()
    if (rounds.missing > 0) throw new Error(`${rounds.missing} readers never got a message`)
    if (pauseMs > 0) await pause(pauseMs)
  }
}
