import { ConformanceFailure, show } from '../server/assertions.js'
import type { AdapterCommand, AdapterError, AdapterResult, AdapterSuccess } from './adapter-protocol.js'
import type { AdapterProcess } from './adapter-process.js'
import { NotSupported } from './client-case.js'
import type { StageServer } from './stage/stage-server.js'
import type { StageStream, StageStreamOptions } from './stage/stage-stream.js'

const GRACE_MS = 10_000
const MOST_TRACED = 12
const MOST_LINE_CHARS = 1000

/** A command about a stream; the path may be left to the context. */
type Command<T extends AdapterCommand['type']> = Extract<AdapterCommand, { readonly type: T }>

let pathsMade = 0
const RUN_ID = `${Date.now().toString(36)}${Math.floor(Math.random() * 1e9).toString(36)}`

/** What a client case has to work with: an adapter, a server, and the stage behind it if it is that. */
export class ClientContext {
  readonly stage: StageServer
  readonly serverUrl: string
  readonly #adapter: AdapterProcess
  readonly #paths: string[] = []
  readonly #trace: string[] = []

  constructor(adapter: AdapterProcess, stage: StageServer, serverUrl: string) {
    this.#adapter = adapter
    this.stage = stage
    this.serverUrl = serverUrl
  }

  /** The commands and results of the case, the last ones, as they went over the pipe. */
  get trace(): readonly string[] {
    return this.#trace
  }

  get paths(): readonly string[] {
    return this.#paths
  }

  newPath(): string {
    pathsMade += 1
    const path = `/v1/stream/conformance-${RUN_ID}/client-${pathsMade}`
    this.#paths.push(path)
    return path
  }

  /** Sends a command; the client's own error is a result like any other. */
  async send(command: AdapterCommand): Promise<AdapterResult> {
    const timeoutMs = ('timeoutMs' in command ? (command.timeoutMs ?? 0) : 0) + GRACE_MS
    this.#note(`command ${JSON.stringify(command)}`)
    const result = await this.#adapter.send(command, timeoutMs)
    this.#note(`result  ${JSON.stringify(result)}`)
    if (!result.success && result.errorCode === 'NOT_SUPPORTED') throw new NotSupported(result.message)
    return result
  }

  /** Sends a command that must succeed. */
  async ok(command: AdapterCommand): Promise<AdapterSuccess> {
    const result = await this.send(command)
    if (!result.success)
      this.fail(`expected ${command.type} to succeed, got ${result.errorCode}: ${result.message}`)
    return result
  }

  /** Sends a command that must fail, with the status if one is named and the client tells it. */
  async fails(command: AdapterCommand, ...statuses: readonly number[]): Promise<AdapterError> {
    const result = await this.send(command)
    if (result.success) this.fail(`expected ${command.type} to fail, got ${show(result)}`)
    if (statuses.length > 0 && result.status !== undefined && !statuses.includes(result.status))
      this.fail(`expected status ${statuses.join(' or ')}, got ${result.status}`)
    return result
  }

  /** A stream that the client has created. */
  async created(contentType = 'text/plain', more: Partial<Command<'create'>> = {}): Promise<string> {
    const path = this.newPath()
    await this.ok({ type: 'create', path, contentType, ...more })
    return path
  }

  /** A stream on the stage, which the client has connected to. */
  async staged(
    options: StageStreamOptions = {},
  ): Promise<{ readonly path: string; readonly stream: StageStream }> {
    const path = this.newPath()
    const stream = this.stage.put(path, options)
    await this.ok({ type: 'connect', path })
    return { path, stream }
  }

  /** Reads, which must succeed; live reads last no longer than a few seconds. */
  read(path: string, more: Partial<Command<'read'>> = {}): Promise<AdapterSuccess> {
    const reading = this.ok({ type: 'read', path, timeoutMs: 5000, ...more })
    // A case may do something else before it looks at the result.
    reading.catch(() => undefined)
    return reading
  }

  /** Appends past the client, with a request of our own. */
  async appendDirectly(
    path: string,
    body: string | Uint8Array,
    {
      contentType = 'text/plain',
      close = false,
    }: { readonly contentType?: string; readonly close?: boolean } = {},
  ): Promise<void> {
    const response = await fetch(`${this.serverUrl}${path}`, {
      method: 'POST',
      body: body as string,
      headers: { 'Content-Type': contentType, ...(close ? { 'Stream-Closed': 'true' } : {}) },
    })
    if (response.status !== 204) this.fail(`the server answers ${response.status} to an append of ours`)
  }

  fail(message: string): never {
    throw new ConformanceFailure(message)
  }

  #note(line: string): void {
    this.#trace.push(line.length > MOST_LINE_CHARS ? `${line.slice(0, MOST_LINE_CHARS)}...` : line)
    if (this.#trace.length > MOST_TRACED) this.#trace.shift()
  }
}

/** What a read delivered, one chunk after the other. */
export function textOf({ chunks = [] }: AdapterSuccess): string {
  return chunks
    .map(({ data, binary }) => (binary === true ? Buffer.from(data, 'base64').toString() : data))
    .join('')
}

/** The messages that a read of a JSON stream delivered: each chunk is an array of them. */
export function messagesOf({ chunks = [] }: AdapterSuccess): unknown[] {
  return chunks.flatMap(({ data }) => {
    const value = JSON.parse(data) as unknown
    return Array.isArray(value) ? (value as unknown[]) : [value]
  })
}
