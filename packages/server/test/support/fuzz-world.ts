import type { Binding, RunningServer } from './running-server.js'
import type { StreamPath, StreamStore } from '@ds/core'
import type { WireResponse } from './wire-response.js'
import { ERROR_STATUS } from '../../src/index.js'
import { RawConnection, formatRequest } from './raw-connection.js'
import { createStream, eventually, startServer } from './running-server.js'
import { headerOf } from './wire-response.js'

const { DS_FUZZ_RUNS } = process.env

/** How many requests each property sends: the environment's DS_FUZZ_RUNS, or else few. */
export const FUZZ_RUNS: number = DS_FUZZ_RUNS === undefined ? 120 : Number(DS_FUZZ_RUNS)

/** Streams that no badly spelled request may reach; all of them lie where a normalised path would lead. */
export const CANARIES: readonly string[] = ['x', 'b', 'a/b', 'a/x', 'host/x', 'stream/x', 'a b', 'é', 'A/b']

export const FUZZ_BODY_LIMIT = 4_096

/** What one exchange came to. */
export interface Exchange {
  readonly responses: readonly WireResponse[]
  readonly created: readonly string[]
}

/** A server under fire: canaries in its store, and rules that every answer has to keep. */
export class FuzzWorld {
  readonly running: RunningServer
  readonly #planted: string
  #probe: RawConnection
  #probes = 0

  private constructor(running: RunningServer, probe: RawConnection) {
    this.running = running
    this.#probe = probe
    this.#planted = this.#snapshot()
  }

  static async start(binding: Binding): Promise<FuzzWorld> {
    const running = await startServer({
      binding,
      maxBodyBytes: FUZZ_BODY_LIMIT,
      maxReceivingBytes: 4 * FUZZ_BODY_LIMIT,
      longPollTimeoutMs: 50,
    })
    for (const path of CANARIES) {
      await createStream(running, path.split('/').map(encodeURIComponent).join('/'), `canary ${path}`)
    }
    return new FuzzWorld(running, await RawConnection.open(running.port))
  }

  /**
   * Sends bytes over a connection of their own and checks everything that must hold whatever they were. Of
   * pipelined requests some may be carried out whose answers are never seen.
   */
  async exchange(
    bytes: string | Uint8Array,
    { isPipelined = false }: { isPipelined?: boolean } = {},
  ): Promise<Exchange> {
    const { running } = this
    const connection = await RawConnection.open(running.port)
    connection.send(bytes)
    await this.#settle()
    await connection.finish()
    const { responses } = connection.parse()
    for (const response of responses) checkResponse(response)
    if (running.faults.length > 0) throw new Error(`a fault: ${String(running.faults[0])}`)
    const created = await this.#takeCreated()
    const isAccepted =
      isPipelined || responses.length === 0 || responses.some(({ status }) => status >= 200 && status < 300)
    if (created.length > 0 && !isAccepted) throw new Error(`refused, but created: ${created.join()}`)
    if (this.#snapshot() !== this.#planted) throw new Error('a canary was touched')
    return { responses, created }
  }

  /** Checks that nothing has stayed behind, and stops the server. */
  async end(): Promise<void> {
    const { engine } = this.running.server.handler
    await eventually(() => engine.liveReaders === 0, 'the end of all live readers')
    // A body of unknown length needs the whole allowance, so this fails if any was not given back.
    for (let i = 0; i < 4; i++) {
      const chunked = formatRequest('PUT', `/v1/stream/last${i}`, { 'Transfer-Encoding': 'chunked' })
      this.#probe.send(`${chunked}0\r\n\r\n`)
      const { status } = await this.#probe.response(this.#probes++)
      if (status !== 201) throw new Error(`the server is not well any more: ${status}`)
    }
    this.#probe.destroy()
    await this.running.stop()
  }

  /** Waits until the server has answered requests that were sent after the ones in question. */
  async #settle(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      if (this.#probe.isClosed) throw new Error('the connection of the probe was closed')
      this.#probe.send(formatRequest('GET', '/health'))
      const { status } = await this.#probe.response(this.#probes++)
      if (status !== 200) throw new Error(`the server is not well: ${status}`)
    }
    if (this.#probes > 90) {
      this.#probe.destroy()
      this.#probe = await RawConnection.open(this.running.port)
      this.#probes = 0
    }
  }

  async #takeCreated(): Promise<string[]> {
    const created = listPaths(this.running.store).filter((path) => !CANARIES.includes(path))
    for (const path of created) await this.running.server.handler.engine.delete(path)
    return created
  }

  #snapshot(): string {
    const { store } = this.running
    return JSON.stringify(CANARIES.map((path) => store.load(path as StreamPath, [])))
  }
}

/** The rules for every final answer. */
export function checkResponse(response: WireResponse): void {
  const { status } = response
  if (status < 200) return
  if (status >= 500) throw new Error(`a status ${status}: ${response.body.toString()}`)
  if (status >= 300 && status !== 304 && status < 400) throw new Error(`a status ${status}`)
  if (headerOf(response, 'x-content-type-options') !== 'nosniff') throw new Error(`${status} without nosniff`)
  if (status >= 400 && headerOf(response, 'content-length') !== null) checkError(response)
}

/** A refusal has a code that is known, with the status that belongs to it, and a message. */
export function checkError(response: WireResponse): string {
  const { status, body } = response
  if (headerOf(response, 'content-type') !== 'application/json') throw new Error(`${status} is not JSON`)
  if (body.length === 0) return ''
  const { error } = JSON.parse(body.toString()) as { error: { code: string; message: string } }
  const expected = (ERROR_STATUS as Record<string, number>)[error.code]
  if (expected !== status) throw new Error(`${error.code} is no code for ${status}`)
  if (error.message === '') throw new Error(`${error.code} without a message`)
  return error.code
}

/** Everything there is; only for stores that answer at once. */
export function listPaths(store: StreamStore): readonly StreamPath[] {
  return store.list('', '', 10_000) as readonly StreamPath[]
}
