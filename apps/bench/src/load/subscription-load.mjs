import { createServer } from 'node:http'
import { HttpConnection, formatRequest, requireSuccess } from './http-connection.mjs'
import { LatencyHistogram } from './latency-histogram.mjs'

const ROOT = '/v1/stream'
const JSON_HEADERS = { 'Content-Type': 'application/json' }
const CONNECTIONS = 16
const QUIET_MS = 1_000
const POLL_MS = 20
const DONE = '{"done":true}'

/**
 * Makes `count` pull-wake subscriptions that match one stream, appends to it, and waits until all are woken. Nobody
 * claims, so that from then on a wake is in flight for each.
 */
export async function subscribeMany({ port, count, pattern, path, contentType, body }) {
  let next = 0
  await onConnections(port, async (connection) => {
    const created = await connection.request(formatRequest('PUT', `${ROOT}/wakes/bench`, JSON_HEADERS, '[]'))
    requireSuccess(created, 'PUT')
  })
  const work = async (connection) => {
    while (next < count) {
      const config = { type: 'pull-wake', pattern, wake_stream: 'wakes/bench' }
      const path = `${ROOT}/__ds/subscriptions/many-${next++}`
      requireSuccess(
        await connection.request(formatRequest('PUT', path, JSON_HEADERS, JSON.stringify(config))),
        'PUT',
      )
    }
  }
  await onConnections(port, work)
  const [connection] = await openConnections(port, 1)
  const startedAt = performance.now()
  requireSuccess(
    await connection.request(formatRequest('PUT', path, { 'Content-Type': contentType }, body)),
    'PUT',
  )
  await untilQuiet(connection, `${ROOT}/wakes/bench`)
  connection.close()
  return { wakesPerSecond: (count * 1000) / Math.max(1, performance.now() - startedAt - QUIET_MS) }
}

/** Resolves when a stream has not grown for a while. */
async function untilQuiet(connection, path) {
  let tail = ''
  for (let since = performance.now(); performance.now() - since < QUIET_MS;) {
    const { headers } = await connection.request(formatRequest('GET', `${path}?offset=now`))
    if (headers['stream-next-offset'] !== tail) since = performance.now()
    tail = headers['stream-next-offset']
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** Every subscription has a stream of its own, to which the next append comes when its wake has come. */
export async function measureWakes({ port, subscriptions, seconds, warmUpMs }) {
  const latencies = new LatencyHistogram()
  const sentAt = new Map()
  /** A wake may come before the answer to its append, and a connection takes one request at a time. */
  const isAppending = new Set()
  const isWoken = new Set()
  const connections = await openConnections(port, subscriptions)
  const startedAt = performance.now()
  const measuredFrom = startedAt + warmUpMs
  const endsAt = measuredFrom + seconds * 1000
  let wakes = 0
  let errors = 0
  const append = async (name) => {
    sentAt.set(name, performance.now())
    isAppending.add(name)
    const request = formatRequest('POST', `${ROOT}/bench/${name}`, JSON_HEADERS, '1')
    const { status } = await connections[Number(name)].request(request)
    isAppending.delete(name)
    if (status >= 300) errors++
    if (isWoken.delete(name)) void append(name)
  }
  const receiver = await receive(({ streams }) => {
    const now = performance.now()
    for (const { path } of streams) {
      const name = path.slice('bench/'.length)
      const sent = sentAt.get(name)
      if (sent === undefined) continue
      sentAt.delete(name)
      if (now >= measuredFrom && now < endsAt) {
        wakes++
        latencies.record(now - sent)
      }
      if (now >= endsAt) continue
      if (isAppending.has(name)) isWoken.add(name)
      else void append(name)
    }
  })
  try {
    for (let i = 0; i < subscriptions; i++) await subscribe(connections[0], i, receiver.url)
    await Promise.all(Array.from({ length: subscriptions }, (_, i) => append(String(i))))
    await new Promise((resolve) => setTimeout(resolve, endsAt - performance.now()))
  } finally {
    receiver.server.closeAllConnections()
    receiver.server.close()
    for (const connection of connections) connection.close()
  }
  return {
    wakesPerSecond: wakes / seconds,
    p50Ms: latencies.percentile(50),
    p99Ms: latencies.percentile(99),
    errors,
  }
}

async function subscribe(connection, i, url) {
  requireSuccess(
    await connection.request(formatRequest('PUT', `${ROOT}/bench/${i}`, JSON_HEADERS, '[]')),
    'PUT',
  )
  const config = JSON.stringify({ type: 'webhook', pattern: `bench/${i}`, webhook: { url } })
  const path = `${ROOT}/__ds/subscriptions/bench-${i}`
  requireSuccess(await connection.request(formatRequest('PUT', path, JSON_HEADERS, config)), 'PUT')
}

/** A webhook that has always done its work. */
async function receive(onWake) {
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      response.writeHead(200, JSON_HEADERS).end(DONE)
      onWake(JSON.parse(Buffer.concat(chunks).toString()))
    })
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, url: `http://127.0.0.1:${server.address().port}/` }
}

function openConnections(port, count) {
  return Promise.all(Array.from({ length: count }, () => HttpConnection.open(port)))
}

async function onConnections(port, work) {
  const connections = await openConnections(port, CONNECTIONS)
  try {
    await Promise.all(connections.map(work))
  } finally {
    for (const connection of connections) connection.close()
  }
}
