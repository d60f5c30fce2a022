/**
 * A pool of workers that wait for wakes and race to claim them. No worker needs an address that the server can
 * reach. Start as many of these processes as you like:
 *
 *   STREAMS_URL=http://127.0.0.1:4437/v1/stream WORKERS=4 node pull-wake-pool.mjs
 */
import { readNewMessages } from './read-new-messages.mjs'

const { STREAMS_URL = 'http://127.0.0.1:4437/v1/stream', WORKERS = '2' } = process.env
const LEASE_MS = 5_000
const wakeStream = `${STREAMS_URL}/wakes/pool`
const subscription = `${STREAMS_URL}/__ds/subscriptions/pool`

function send(method, url, body, headers = {}) {
  return fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

/** Claims until there is nothing left to claim. */
async function work(worker) {
  for (;;) {
    const claimed = await send('POST', `${subscription}/claim`, { worker })
    if (claimed.status !== 200) return void (await claimed.body?.cancel())
    await processClaim(worker, await claimed.json())
  }
}

/** Processes what a claim gives, and says so stream by stream, which also keeps the lease. */
async function processClaim(worker, { wake_id, generation, token, streams }) {
  const report = (more) =>
    send(
      'POST',
      `${subscription}/ack`,
      { wake_id, generation, ...more },
      { authorization: `Bearer ${token}` },
    )
  const heartbeat = setInterval(() => void report({}).catch(() => undefined), LEASE_MS / 3)
  try {
    for (const { path, acked_offset } of streams) {
      const { messages, offset } = await readNewMessages(STREAMS_URL, path, acked_offset)
      for (const message of messages) console.log(`${worker} ${path}: ${JSON.stringify(message)}`)
      const acked = await report({ acks: [{ stream: path, offset }] })
      // 409 FENCED: the lease ran out, and another worker does this now.
      if (!acked.ok) return
    }
    await report({ done: true })
  } finally {
    clearInterval(heartbeat)
  }
}

/** Follows the wake stream; each event is a chance to claim. */
async function follow(worker) {
  // Taken before the first claim, so that no event falls between the two.
  const { headers } = await fetch(wakeStream, { method: 'HEAD' })
  for (let offset = headers.get('stream-next-offset'); ;) {
    await work(worker)
    const response = await fetch(`${wakeStream}?offset=${offset}&live=long-poll`)
    if (response.status !== 200 && response.status !== 204)
      throw new Error(`the wake stream answered ${response.status}`)
    await response.arrayBuffer()
    offset = response.headers.get('stream-next-offset')
  }
}

await send('PUT', wakeStream, [])
await send('PUT', subscription, {
  type: 'pull-wake',
  pattern: 'tasks/*',
  wake_stream: 'wakes/pool',
  lease_ttl_ms: LEASE_MS,
})
console.log(`${WORKERS} workers wait`)
await Promise.all(Array.from({ length: Number(WORKERS) }, (_, i) => follow(`worker-${i + 1}`)))
