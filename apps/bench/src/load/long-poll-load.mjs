import { setTimeout as pause } from 'node:timers/promises'
import { formatRequest, HttpConnection, requireSuccess } from './http-connection.mjs'
import { LatencyHistogram } from './latency-histogram.mjs'

/**
 * Parks one long-poll, appends a message, takes the time until the poll is answered, and so on. The pause
 * before the append lets the poll arrive first, so that a wake-up is measured and not a catch-up read.
 */
export async function measureLongPoll({ port, path, seconds, body, pauseMs, warmUpMs }) {
  const headers = { 'Content-Type': 'application/json' }
  const writer = await HttpConnection.open(port)
  const reader = await HttpConnection.open(port)
  const created = requireSuccess(await writer.request(formatRequest('PUT', path, headers)), 'PUT')
  const append = formatRequest('POST', path, headers, body)
  const latencies = new LatencyHistogram()
  const startedAt = performance.now()
  const endsAt = startedAt + warmUpMs + seconds * 1000
  let position = positionAfter(created)
  let errors = 0
  while (performance.now() < endsAt) {
    const polled = reader.request(formatRequest('GET', `${path}?${position}&live=long-poll`))
    await pause(pauseMs)
    const sentAt = performance.now()
    const appended = writer.request(append)
    const answer = await polled
    const latencyMs = performance.now() - sentAt
    const isDelivered = answer.status === 200 && answer.bodyBytes >= body.length
    if (!isDelivered || (await appended).status >= 300) errors++
    else if (sentAt - startedAt >= warmUpMs) latencies.record(latencyMs)
    position = positionAfter(answer)
  }
  writer.close()
  reader.close()
  return {
    deliveries: latencies.count,
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
    errors,
  }
}

function positionAfter({ headers }) {
  const cursor = headers['stream-cursor']
  const offset = `offset=${headers['stream-next-offset']}`
  return cursor === undefined ? offset : `${offset}&cursor=${cursor}`
}
