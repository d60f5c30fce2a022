import type { RedisOptions, Redis } from 'ioredis'
import { Command } from 'ioredis'
import { EncodedArguments, EncodedCommand } from './encoded-command.js'
import { LinkFault, isReplyError } from './replies.js'

/** An argument of a command. */
export type Argument = string | Buffer

/** The arguments of a command; those of a script may be encoded already. */
export type Arguments = readonly Argument[] | EncodedArguments

/** How the replies of a command are decoded: as text, or as they are. */
export type ReplyEncoding = 'utf8' | null

/** What a link needs to know of its surroundings. */
export interface LinkSettings {
  /** How long the server may be silent while a command waits for its answer. */
  readonly commandTimeoutMs: number
  readonly connect: (options: RedisOptions) => Redis
  /** Examines the server of a new connection before the link can be used; rejects when it must not be. */
  readonly prepare: (link: RedisLink) => Promise<void>
  /** Told of every change between usable and not. */
  readonly onChange: (link: RedisLink) => void
}

/** So much is sent at once, so that the server has something to do while this turn of the event loop lasts. */
const ENOUGH = 2_048
/** Commands that may wait for their answers on one connection. */
const MAX_IN_FLIGHT = 100_000
const LONGEST_PAUSE_MS = 500
const IDLE_POLL_MS = 5
/** How long after a failed examination the server is examined again. */
const PREPARE_PAUSE_MS = 250

/** What every connection of this store has. */
export const CONNECTION_OPTIONS: RedisOptions = {
  // With these on, commands whose answer was lost would be sent again, and appends could happen twice.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  autoResubscribe: false,
  lazyConnect: true,
  protocol: 2,
  disableClientInfo: true,
  connectTimeout: 5_000,
  retryStrategy: (times) => Math.min(LONGEST_PAUSE_MS, 25 * 2 ** Math.min(times, 8)),
}

/**
 * One connection for commands to one server. Commands of a turn of the event loop go out in few writes. A command
 * is sent at most once; what becomes of it when the connection breaks is told by {@link LinkFault}.
 */
export class RedisLink {
  /** Where the server is; for logs. */
  readonly address: string
  /** Why the link cannot be used; null while it can. */
  trouble: string | null = 'is being connected to'
  /** When it was last usable, by the monotonic clock. */
  #usableUntil = -Infinity
  readonly #redis: Redis
  readonly #settings: LinkSettings
  readonly #watchdog: NodeJS.Timeout
  #inFlight = 0
  #lastProgress = 0
  #isClosed = false
  /** Counts connections, so that an examination does not speak for a later one. */
  #connection = 0

  constructor(address: string, options: RedisOptions, settings: LinkSettings) {
    this.address = address
    this.#settings = settings
    this.#redis = settings.connect({ ...options, ...CONNECTION_OPTIONS })
    this.#redis.on('error', (error: Error) => this.#stumble(error.message))
    this.#redis.on('close', () => {
      if (this.trouble === null) this.#stumble('the connection was lost')
    })
    this.#redis.on('ready', () => void this.#prepare(++this.#connection))
    this.#watchdog = setInterval(() => this.#watch(), Math.max(10, settings.commandTimeoutMs / 4))
    this.#watchdog.unref()
  }

  get isUsable(): boolean {
    return this.trouble === null && !this.#isClosed
  }

  /** For how long it has been unusable, in milliseconds; 0 while it can be used. */
  get unusableForMs(): number {
    return this.isUsable ? 0 : performance.now() - this.#usableUntil
  }

  /** Begins to connect, and goes on trying until it is closed. */
  start(): void {
    this.#redis.connect().catch(() => undefined)
  }

  /** Sends a command; rejects with an error of the server or with a {@link LinkFault}. */
  send(name: string, args: Arguments, encoding: ReplyEncoding = 'utf8'): Promise<unknown> {
    if (this.trouble !== null) return Promise.reject(new LinkFault(false, `${this.address}: ${this.trouble}`))
    return this.sendUnprepared(name, args, encoding)
  }

  /** The same while the server is still being examined. */
  sendUnprepared(name: string, args: Arguments, encoding: ReplyEncoding = 'utf8'): Promise<unknown> {
    const redis = this.#redis
    if (this.#isClosed || redis.status !== 'ready' || !redis.stream.writable) {
      return Promise.reject(new LinkFault(false, `${this.address} is not connected`))
    }
    if (this.#inFlight >= MAX_IN_FLIGHT) {
      return Promise.reject(new LinkFault(false, `${this.address} has ${MAX_IN_FLIGHT} commands to answer`))
    }
    if (this.#inFlight++ === 0) this.#lastProgress = performance.now()
    const command =
      args instanceof EncodedArguments
        ? new EncodedCommand(args)
        : new Command(name, args as Argument[], { replyEncoding: encoding })
    void redis.sendCommand(command, this.#outbox as unknown as Parameters<Redis['sendCommand']>[1])
    return command.promise.then(this.#onReply, this.#onFailure)
  }

  /** Ends the connection; commands under way fail as sent ones. Another one is made unless the link is closed. */
  reconnect(reason: string): void {
    this.#stumble(reason)
    const { stream } = this.#redis as { stream?: { destroy(): void } }
    stream?.destroy()
  }

  /** Resolves when no command waits for its answer; the server's silence bounds that. */
  async whenIdle(): Promise<void> {
    while (this.#inFlight > 0) await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS))
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#watchdog)
    this.#redis.disconnect()
    this.reconnect('the store is closed')
  }

  readonly #onReply = (reply: unknown): unknown => {
    this.#inFlight--
    this.#lastProgress = performance.now()
    return reply
  }

  readonly #onFailure = (error: Error): never => {
    this.#inFlight--
    this.#lastProgress = performance.now()
    if (isReplyError(error)) {
      // The library adds the command with all that it carried, which is nobody's business in a log.
      delete (error as { command?: unknown }).command
      throw error
    }
    throw new LinkFault(true, `${this.address}: the connection was lost before the answer came`, {
      cause: error,
    })
  }

  #gathered = 0

  /** What is sent in this turn of the event loop goes out in few pieces. */
  readonly #outbox = {
    write: (part: unknown): boolean => {
      const { parts } = this.#outbox
      const last = parts.length - 1
      if (typeof part === 'string' && typeof parts[last] === 'string') parts[last] += part
      else if (parts.push(part as string | Buffer) === 1) process.nextTick(this.#flush)
      this.#gathered += (part as string | Buffer).length
      if (this.#gathered >= ENOUGH) this.#flush()
      return true
    },
    parts: [] as (string | Buffer)[],
  }

  readonly #flush = (): void => {
    const { parts } = this.#outbox
    if (parts.length === 0) return
    this.#outbox.parts = []
    this.#gathered = 0
    const { stream } = this.#redis
    if (parts.length === 1) stream.write(parts[0]!)
    else
      stream.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))))
  }

  /** A server that says nothing for too long is given up: no call may take for ever. */
  #watch(): void {
    const isSilent = (): boolean =>
      this.#inFlight > 0 && performance.now() - this.#lastProgress > this.#settings.commandTimeoutMs
    if (!isSilent()) return
    // If it was this process that slept, the answers are there and have only to be read.
    setImmediate(() => setImmediate(() => isSilent() && this.reconnect('the server did not answer in time')))
  }

  async #prepare(connection: number): Promise<void> {
    if (!this.#isCurrent(connection)) return
    this.trouble = 'is being examined'
    try {
      await this.#settings.prepare(this)
      if (!this.#isCurrent(connection)) return
      this.trouble = null
      this.#settings.onChange(this)
    } catch (error) {
      if (connection !== this.#connection) return
      this.#stumble(error instanceof Error ? error.message : String(error))
      setTimeout(() => {
        void this.#prepare(connection)
      }, PREPARE_PAUSE_MS).unref()
    }
  }

  /** A call, so that nothing is taken for unchanged across an await. */
  #isCurrent(connection: number): boolean {
    return connection === this.#connection && !this.#isClosed && this.#redis.status === 'ready'
  }

  #stumble(reason: string): void {
    const wasUsable = this.trouble === null
    this.trouble = reason
    if (!wasUsable) return
    this.#usableUntil = performance.now()
    this.#settings.onChange(this)
  }
}
