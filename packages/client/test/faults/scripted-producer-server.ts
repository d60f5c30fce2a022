import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'

/** What a server, or something on the way to it, does to one append. */
export const WRITE_FAULTS = [
  'none',
  'none',
  'late',
  'later',
  'lost-before',
  'lost-after',
  'failed-before',
  'failed-after',
  'busy',
  'rate-limited',
  'twice',
  'token-expired',
] as const

export type WriteFault = (typeof WRITE_FAULTS)[number] | 'fence'

/** Messages with this in them are refused, whatever the producer. */
export const POISON = 'poison'

/** A JSON stream with one producer, by the rules of the specification, behind a network that does what it is told. */
export class ScriptedProducerServer {
  readonly #server: Server
  readonly faults: WriteFault[]
  readonly messages: unknown[] = []
  readonly seen: string[] = []
  #epoch = -1
  #lastSeq = -1
  token = 0

  constructor(faults: readonly WriteFault[]) {
    this.faults = [...faults]
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/stream`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = this.faults.shift() ?? 'none'
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (fault === 'late' || fault === 'later') await sleep(fault === 'late' ? 2 : 8)
    const [epoch, seq] = [Number(request.headers['producer-epoch']), Number(request.headers['producer-seq'])]
    const body = Buffer.concat(chunks).toString()
    this.seen.push(`${epoch}/${seq} ${body} <- ${fault}`)
    if (fault === 'lost-before') return void request.socket.destroy()
    if (fault === 'failed-before') return void response.writeHead(500).end()
    if (fault === 'busy') return void response.writeHead(503, { 'retry-after': '1' }).end()
    if (fault === 'rate-limited') return void response.writeHead(429).end()
    if (fault === 'token-expired') {
      this.token++
      return void response.writeHead(401).end()
    }
    // Somebody else takes the producer over between two appends.
    if (fault === 'fence') [this.#epoch, this.#lastSeq] = [Math.max(this.#epoch, epoch) + 1, 0]
    // A network that doubles the first append of all cannot be told from an earlier producer of the same name.
    const answer = this.#append(epoch, seq, body)
    const second = fault === 'twice' && seq > 0 ? this.#append(epoch, seq, body) : answer
    if (fault === 'lost-after') return void request.socket.destroy()
    if (fault === 'failed-after') return void response.writeHead(502).end()
    response.writeHead(second.status, second.headers).end()
  }

  #append(epoch: number, seq: number, body: string): { status: number; headers: Record<string, string> } {
    const offset = String(this.messages.length).padStart(10, '0')
    if (epoch < this.#epoch) return { status: 403, headers: { 'producer-epoch': String(this.#epoch) } }
    if (epoch > this.#epoch && seq !== 0 && this.#epoch >= 0) return { status: 400, headers: {} }
    const last = epoch > this.#epoch ? -1 : this.#lastSeq
    if (seq <= last) {
      return {
        status: 204,
        headers: {
          'stream-next-offset': offset,
          'producer-epoch': String(epoch),
          'producer-seq': String(last),
        },
      }
    }
    if (seq > last + 1) {
      const headers = { 'producer-expected-seq': String(last + 1), 'producer-received-seq': String(seq) }
      return { status: 409, headers }
    }
    if (body.includes(POISON)) return { status: 413, headers: {} }
    this.#epoch = epoch
    this.#lastSeq = seq
    this.messages.push(...(JSON.parse(body) as unknown[]))
    const next = String(this.messages.length).padStart(10, '0')
    return {
      status: 200,
      headers: { 'stream-next-offset': next, 'producer-epoch': String(epoch), 'producer-seq': String(seq) },
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
