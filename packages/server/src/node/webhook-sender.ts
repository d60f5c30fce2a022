import type { IncomingMessage } from 'node:http'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import type {
  WebhookAnswer,
  WebhookPolicy,
  WebhookRequest,
  WebhookTransport,
} from '../subscriptions/webhook-transport.js'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { AddressPolicy, hostOf } from '../subscriptions/address-policy.js'
import { lookup } from 'node:dns'

/** Asks for all addresses of a host, as `dns.lookup` does. */
export type ResolveHost = (
  host: string,
  done: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

/** The longest answer that is read; all that counts in it is `{"done":true}`. */
const MAX_ANSWER_BYTES = 64 << 10
const IDLE_SOCKET_MS = 10_000

/**
 * Calls webhooks over Node's http and https. A host's addresses are checked when it is resolved, all of them, and the
 * connection goes to one of those that were checked: whatever the name says a moment later does not matter.
 *
 * @param resolve in the place of the system's resolver, for tests
 */
export function createWebhookSender(
  policy: WebhookPolicy,
  resolve: ResolveHost = resolveAll,
): WebhookTransport {
  const addresses = new AddressPolicy(policy)
  const options = {
    keepAlive: true,
    maxFreeSockets: 16,
    timeout: IDLE_SOCKET_MS,
    scheduling: 'lifo',
  } as const
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) }
  return {
    check: (url) => addresses.refuseUrl(url),
    post(request) {
      const refusal = addresses.refuseUrl(request.url)
      if (refusal !== null)
        return Promise.resolve({ kind: 'failed', reason: `the webhook is refused: ${refusal}` })
      const isHttps = request.url.toLowerCase().startsWith('https:')
      const agent = isHttps ? agents.https : agents.http
      return post(request, isHttps, agent, checkedLookup(addresses, resolve))
    },
  }
}

function post(
  webhook: WebhookRequest,
  isHttps: boolean,
  agent: HttpAgent,
  checked: LookupFunction,
): Promise<WebhookAnswer> {
  const { url, headers, body, timeoutMs } = webhook
  return new Promise((resolve) => {
    const options = {
      method: 'POST',
      agent,
      lookup: checked,
      headers: { ...headers, 'content-length': body.length },
    }
    const request = (isHttps ? httpsRequest : httpRequest)(url, options)
    const deadline = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs)
    const settle = (answer: WebhookAnswer): void => {
      clearTimeout(deadline)
      resolve(answer)
    }
    const fail = (reason: string): void => {
      settle({ kind: 'failed', reason })
      request.destroy()
    }
    webhook.onAbort(() => fail('the server is stopping'))
    request.on('error', (error) => fail(error.message))
    request.on('response', (response) => receive(response, settle, fail))
    request.end(body)
  })
}

function receive(
  response: IncomingMessage,
  settle: (answer: WebhookAnswer) => void,
  fail: (reason: string) => void,
): void {
  const chunks: Buffer[] = []
  let length = 0
  response.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) fail(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    else chunks.push(chunk)
  })
  response.on('end', () =>
    settle({ kind: 'answered', status: response.statusCode!, body: Buffer.concat(chunks) }),
  )
  response.on('close', () => {
    if (!response.readableEnded) fail('the answer broke off')
  })
}

/** Resolves a host for a connection, and refuses it if any of its addresses is refused. */
function checkedLookup(policy: AddressPolicy, resolve: ResolveHost): LookupFunction {
  return (hostname, options, done) => {
    resolve(hostname, (error, addresses) => {
      const host = hostOf(new URL(`http://${hostname}`))
      const refusal = addresses
        .map(({ address }) => policy.refuseAddress(address, host))
        .find((reason) => reason !== null)
      const [first] = addresses
      if (error !== null) done(error, [])
      else if (first === undefined) done(new Error('the webhook has no address'), [])
      else if (typeof refusal === 'string') done(new Error(`the webhook is refused: ${refusal}`), [])
      else if (options.all === true) done(null, [...addresses])
      else done(null, first.address, first.family)
    })
  }
}

function resolveAll(host: string, done: Parameters<ResolveHost>[1]): void {
  lookup(host, { all: true, verbatim: true }, (error, addresses) =>
    done(error, error === null ? addresses : []),
  )
}
