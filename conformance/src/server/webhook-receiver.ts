import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicKey, verify, type JsonWebKey } from 'node:crypto'
import { fail } from './assertions.js'

const PATIENCE_MS = 8_000

/** The body of a wake as a webhook gets it. */
export interface WakeBody {
  readonly subscription_id: string
  readonly wake_id: string
  readonly generation: number
  readonly streams: readonly WokenStream[]
  readonly callback_url: string
  readonly callback_token: string
}

export interface WokenStream {
  readonly path: string
  readonly link_type: string
  readonly acked_offset: string
  readonly tail_offset: string
  readonly has_pending: boolean
}

/** One request to the receiver. */
export interface ReceivedWake {
  readonly signature: string
  readonly contentType: string
  readonly rawBody: Buffer
  readonly body: WakeBody
  readonly at: number
}

/** What the receiver answers: a body with 200, or a status. */
export type WebhookAnswer = { readonly done?: boolean } | number

/** A webhook on this machine, which a server under test may call in its development mode. */
export class WebhookReceiver {
  readonly received: ReceivedWake[] = []
  readonly url: string
  answer: WebhookAnswer
  readonly #server: Server

  private constructor(server: Server, answer: WebhookAnswer) {
    this.#server = server
    this.answer = answer
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  }

  /** Starts to listen until the signal is given. */
  static async start(answer: WebhookAnswer, signal: AbortSignal): Promise<WebhookReceiver> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const receiver = new WebhookReceiver(server, answer)
    server.on('request', (request, response: ServerResponse) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => receiver.#take(request.headers, Buffer.concat(chunks), response))
    })
    signal.addEventListener('abort', () => receiver.#stop(), { once: true })
    return receiver
  }

  /** The n-th wake, from 1; fails when it does not come. */
  async wake(n: number): Promise<ReceivedWake> {
    const deadline = Date.now() + PATIENCE_MS
    while (this.received.length < n) {
      if (Date.now() > deadline) fail(`expected webhook call number ${n}, got ${this.received.length}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    return this.received[n - 1]!
  }

  #take(headers: IncomingHttpHeaders, rawBody: Buffer, response: ServerResponse): void {
    const signature = headers['webhook-signature']?.toString() ?? ''
    const contentType = headers['content-type'] ?? ''
    const body = JSON.parse(rawBody.toString()) as WakeBody
    this.received.push({ signature, contentType, rawBody, body, at: Date.now() })
    const { answer } = this
    if (typeof answer === 'number') response.writeHead(answer).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  #stop(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** Whether a wake was signed by one of the keys of a JWK set, over the time and the raw body. */
export function isSignedBy(wake: ReceivedWake, keys: readonly JsonWebKey[]): boolean {
  const match = /^t=(\d+),kid=([^,]+),ed25519=([A-Za-z0-9_-]+)$/.exec(wake.signature)
  const jwk = keys.find((key) => key['kid'] === match?.[2])
  if (match === null || jwk === undefined) return false
  const signed = Buffer.concat([Buffer.from(`${match[1]!}.`), wake.rawBody])
  return verify(
    null,
    signed,
    createPublicKey({ key: jwk, format: 'jwk' }),
    Buffer.from(match[3]!, 'base64url'),
  )
}
