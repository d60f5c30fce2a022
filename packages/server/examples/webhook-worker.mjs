/**
 * A worker that is woken by webhook. Start a server (`npx @ds/server`), then this, then append to jobs/anything:
 *
 *   STREAMS_URL=http://127.0.0.1:4437/v1/stream node webhook-worker.mjs
 */
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { WebhookVerificationError, verifyWebhook } from '@ds/server/webhook'
import { readNewMessages } from './read-new-messages.mjs'

const { STREAMS_URL = 'http://127.0.0.1:4437/v1/stream', PORT = '0' } = process.env
const jwksUrl = `${STREAMS_URL}/__ds/jwks.json`

async function handle(request) {
  const wake = await verifyWebhook(request, { jwksUrl })
  for (const { path, acked_offset } of wake.streams) {
    const { messages } = await readNewMessages(STREAMS_URL, path, acked_offset)
    for (const message of messages) console.log(`${path}: ${JSON.stringify(message)}`)
  }
  // Everything up to the tails in the wake is processed. What came later wakes again: a message may be seen twice.
  return { done: true }
}

const server = createServer(async (request, response) => {
  const body = Readable.toWeb(request)
  const webRequest = new Request('http://worker/', {
    method: 'POST',
    headers: request.headers,
    body,
    duplex: 'half',
  })
  try {
    const result = await handle(webRequest)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result))
  } catch (error) {
    // Any status but 2xx makes the server try again later.
    const isStranger = error instanceof WebhookVerificationError && error.code === 'not-verified'
    if (!isStranger) console.error(error)
    response.writeHead(isStranger ? 401 : 503).end()
  }
})

server.listen(Number(PORT), '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`
  const subscription = { type: 'webhook', pattern: 'jobs/*', webhook: { url }, lease_ttl_ms: 10_000 }
  const response = await fetch(`${STREAMS_URL}/__ds/subscriptions/webhook-worker`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(subscription),
  })
  if (!response.ok) throw new Error(`the subscription was refused: ${await response.text()}`)
  console.log(`listening on ${url}`)
})
