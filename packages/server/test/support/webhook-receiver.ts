import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { eventually } from './running-server.js'
import { onTestFinished } from 'vitest'

/** A request that a receiver got. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly event: {
    readonly subscription_id: string
    readonly wake_id: string
    readonly generation: number
    readonly streams: readonly {
      path: string
      acked_offset: string
      tail_offset: string
      link_type: string
    }[]
    readonly callback_url: string
    readonly callback_token: string
  }
  /** The same again, for a verifier. */
  readonly toRequest: () => Request
}

/** A webhook on this machine. */
export class WebhookReceiver {
  readonly received: Received[] = []
  readonly url: string
  /** What it answers: a status and a body; null for no answer at all. */
  answer: { readonly status: number; readonly body: string } | null = { status: 200, body: '{"done":true}' }

  private constructor(url: string) {
    this.url = url
  }

  static async start(): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        receiver.#take(request.headers as Record<string, string>, body)
        const { answer } = receiver
        if (answer !== null)
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const receiver = new WebhookReceiver(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`)
    return receiver
  }

  /** The n-th wake, from 1. */
  async wake(n: number, patienceMs = 5_000): Promise<Received> {
    await eventually(() => this.received.length >= n, `wake ${n}`, patienceMs)
    return this.received[n - 1]!
  }

  #take(headers: Record<string, string>, body: string): void {
    const { url } = this
    const toRequest = (): Request => new Request(url, { method: 'POST', headers: pick(headers), body })
    this.received.push({ headers, body, event: JSON.parse(body) as never, toRequest })
  }
}

function pick(headers: Record<string, string>): Record<string, string> {
  return { 'webhook-signature': headers['webhook-signature']!, 'content-type': headers['content-type']! }
}
