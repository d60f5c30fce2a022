import type { Compressor } from './compression.js'
import type { Environment, StoreHealth, StreamFaultCode, StreamPath } from '@ds/core'
import type { ErrorCode } from './errors.js'
import type { HandlerOptions, HandlerSettings, StreamLifecycleEvent, StreamLifecycleHook } from './options.js'
import type { HttpReply, HttpRequest } from './exchange.js'
import type { ReadContext } from './stream-reads.js'
import type { WebhookPolicy, WebhookTransport } from '../subscriptions/webhook-transport.js'
import { ALLOW, CommonHeaders } from './common-headers.js'
import { ClientGone } from './exchange.js'
import { BegunWrites } from './begun-writes.js'
import { BodyIntake, NO_BODY } from './body-intake.js'
import { LiveSessions } from './live-sessions.js'
import { PageReplies } from './read-replies.js'
import { Refusal, errorReply } from './errors.js'
import { CONTROL_PREFIX, StreamEngine, StreamFault, formatStreamPath, isPromise } from '@ds/core'
import { Subscriptions } from '../subscriptions/subscriptions.js'
import { keepStringMethodsFast } from './string-methods.js'
import { parseReadQuery, resolveStreamPath, splitTarget } from './target.js'
import {
  readClosed,
  readContentType,
  readExpiry,
  readFork,
  readProducer,
  readStreamSeq,
} from './request-headers.js'
import { readLongPoll, readOnce, readSse } from './stream-reads.js'
import { replyToAppend, replyToCreate, replyToDelete, replyToHead } from './replies.js'
import { settle } from './options.js'

/** What a runtime brings along. */
export interface Runtime {
  readonly environment: Environment
  readonly compressor: Compressor
  /** A number in [0, 1). */
  readonly random: () => number
  /** How webhooks are called; left out where there is no safe way to. */
  readonly webhooks?: (policy: WebhookPolicy) => WebhookTransport
}

/** What clients are told of faults. The fault's own words go to `onFault` only: they may tell too much of the store. */
const FAULTS: Readonly<Record<StreamFaultCode, readonly [ErrorCode, message: string]>> = {
  unavailable: ['UNAVAILABLE', 'the store cannot be reached, or the server is stopping'],
  'storage-full': ['STORAGE_FULL', 'the store has no space left'],
  'storage-corrupt': ['STORAGE_CORRUPT', 'the store does not trust what it has of this stream'],
  'outcome-unknown': ['OUTCOME_UNKNOWN', 'it is not known whether the change was made'],
  contended: ['CONTENDED', 'other writers changed the stream each time that it was tried'],
  overloaded: ['OVERLOADED', 'too many requests wait, or too many live readers'],
}
/** How many subscriptions' problems the health page lists. */
const MAX_PROBLEMS = 20
const WELL: StoreHealth = { isWritable: true, problems: [] }
const HOST_AND_SCHEME = /^https?:\/\/[A-Za-z0-9.\-_[\]:]{1,255}$/
const encoder = new TextEncoder()

/**
 * The Durable Streams protocol as a function from requests to responses: request -> engine -> outcome -> reply.
 * Bindings for the runtimes do nothing but carry the two.
 */
export class StreamHandler {
  readonly engine: StreamEngine
  readonly settings: HandlerSettings
  /** Null when the server is without. */
  readonly subscriptions: Subscriptions | null
  readonly #runtime: Runtime
  readonly #common: CommonHeaders
  readonly #bodies: BodyIntake
  readonly #writes = new BegunWrites()
  readonly #reads: Omit<ReadContext, 'settings'>
  /** The last origin that was found valid; most requests have the same. */
  #knownOrigin: string | null = null
  #isStopping = false

  constructor(options: HandlerOptions, runtime: Runtime) {
    // Whatever store there is has been loaded by now, with its clients.
    keepStringMethodsFast()
    this.settings = settle(options)
    this.#runtime = runtime
    const { environment } = runtime
    this.engine = new StreamEngine({
      store: options.store,
      environment,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      onBackgroundFault: this.settings.onFault,
      onStreamGrown: (path) => this.subscriptions?.noteAppend(path),
    })
    this.#common = new CommonHeaders(this.settings.cors)
    this.#bodies = new BodyIntake(this.settings)
    const { engine, settings } = this
    this.subscriptions =
      options.subscriptions === false
        ? null
        : new Subscriptions(options.subscriptions ?? {}, { engine, runtime, bodies: this.#bodies, settings })
    this.#reads = {
      engine: this.engine,
      environment,
      pages: new PageReplies(this.settings, runtime.compressor),
      sessions: new LiveSessions(environment),
      random: runtime.random,
    }
  }

  /**
   * Answers a request; never rejects, unless the client is gone ({@link ClientGone}).
   *
   * @param basePath where streams live in this request's paths, if a host application has mounted the handler
   */
  handle(request: HttpRequest, basePath: string = this.settings.basePath): PromiseLike<HttpReply> {
    let reply: PromiseLike<HttpReply>
    try {
      reply = this.#route(request, basePath)
    } catch (error) {
      return Promise.resolve(this.#common.addTo(this.#replyToError(error), request))
    }
    return reply.then(
      (made) => this.#common.addTo(made, request),
      (error: unknown) => {
        if (error instanceof ClientGone) throw error
        return this.#common.addTo(this.#replyToError(error), request)
      },
    )
  }

  /** Begins the work that no request asks for: expiry, unfinished work, wakes. The first requests do so, too. */
  start(): void {
    this.engine.start()
    this.subscriptions?.service.start()
  }

  /** The reply to a request that never became one: what a runtime's HTTP parser refuses. */
  refuse(code: ErrorCode, message: string, request: HttpRequest): HttpReply {
    return this.#common.addTo(errorReply(code, message, ['connection', 'close']), request)
  }

  /** Ends live reads, refuses new writes, and waits for the ones begun, uploads included. The store stays open. */
  async close(): Promise<void> {
    this.#isStopping = true
    const writesDone = this.#writes.close()
    this.engine.endLiveReads()
    // Posts to webhooks are broken off first, so that they are noted for a retry.
    await this.subscriptions?.service.close()
    await writesDone
    await this.engine.close()
  }

  #route(request: HttpRequest, basePath: string): PromiseLike<HttpReply> {
    if (request.target.length > this.settings.maxTargetLength) {
      throw new Refusal(
        'URI_TOO_LONG',
        `a path and query have at most ${this.settings.maxTargetLength} characters`,
      )
    }
    if (request.origin !== this.#knownOrigin) this.#checkOrigin(request.origin)
    if (request.method === 'OPTIONS') return Promise.resolve(this.#common.preflight())
    const { path, query } = splitTarget(request.target)
    if (path === '/health') return Promise.resolve(this.#replyToHealth(request))
    const control = path.startsWith(CONTROL_PREFIX, basePath.length + 1) ? this.subscriptions : null
    if (control !== null && path.startsWith(`${basePath}/`)) {
      const baseUrl = `${this.settings.publicOrigin ?? request.origin}${basePath}`
      return control.handle(request, baseUrl, path.slice(basePath.length + 1 + CONTROL_PREFIX.length))
    }
    const settings = basePath === this.settings.basePath ? this.settings : { ...this.settings, basePath }
    const stream = resolveStreamPath(path, settings)
    if (stream === null) throw new Refusal('NOT_FOUND', `streams live below ${basePath}/`)
    switch (request.method) {
      case 'GET':
        return this.#read(request, stream, query)
      case 'POST':
        return this.#append(request, stream)
      case 'HEAD':
        return this.engine.head(stream).then(replyToHead)
      case 'PUT':
        return this.#create(request, stream, settings)
      case 'DELETE':
        return this.#delete(stream, basePath)
      default:
        throw new Refusal(
          'METHOD_NOT_ALLOWED',
          'streams know GET, HEAD, POST, PUT, DELETE and OPTIONS',
          ALLOW,
        )
    }
  }

  #read(request: HttpRequest, path: StreamPath, queryText: string): Promise<HttpReply> {
    const query = parseReadQuery(queryText)
    const context = { ...this.#reads, settings: this.settings }
    switch (query.live) {
      case null:
        return readOnce(context, request, path, query)
      case 'long-poll':
        return readLongPoll(context, request, path, query)
      case 'sse':
        return readSse(context, path, query)
    }
  }

  #append(request: HttpRequest, path: StreamPath): PromiseLike<HttpReply> {
    const close = readClosed(request)
    const producer = readProducer(request)
    const streamSeq = readStreamSeq(request)
    return this.#writes.run(
      () => this.#bodies.receive(request),
      (body) => {
        // Without a body its type says nothing, whatever a client may have put there. @see PROTOCOL §5.2
        const contentType = body.length === 0 ? null : readContentType(request)
        const outcome = this.engine.appendNow(path, { contentType, close, producer, streamSeq, body })
        return isPromise(outcome) ? outcome.then(replyToAppend) : replyToAppend(outcome)
      },
    )
  }

  async #create(request: HttpRequest, path: StreamPath, settings: HandlerSettings): Promise<HttpReply> {
    const parsed = {
      contentType: readContentType(request),
      expiry: readExpiry(request, this.#now()),
      closed: readClosed(request),
      fork: readFork(request, settings),
    }
    const outcome = await this.#writes.run(
      () => this.#bodies.receive(request),
      (body) => this.engine.create(path, { ...parsed, body }),
    )
    const urlPath = `${settings.basePath}/${formatStreamPath(path)}`
    if (outcome.kind === 'created') {
      const { contentType } = outcome.stream
      this.#tell(this.settings.onStreamCreated, {
        type: 'created',
        path: urlPath,
        contentType,
        timestamp: this.#now(),
      })
    }
    return replyToCreate(outcome, `${settings.publicOrigin ?? request.origin}${urlPath}`)
  }

  async #delete(path: StreamPath, basePath: string): Promise<HttpReply> {
    const outcome = await this.#writes.run(
      () => NO_BODY,
      () => this.engine.delete(path),
    )
    if (outcome.kind === 'deleted') {
      const urlPath = `${basePath}/${formatStreamPath(path)}`
      this.#tell(this.settings.onStreamDeleted, { type: 'deleted', path: urlPath, timestamp: this.#now() })
    }
    return replyToDelete(outcome)
  }

  #checkOrigin(origin: string): void {
    if (!HOST_AND_SCHEME.test(origin)) throw new Refusal('INVALID_HOST', 'the host header is no host')
    this.#knownOrigin = origin
  }

  #tell(hook: StreamLifecycleHook, event: StreamLifecycleEvent): void {
    void Promise.resolve(event).then(hook).catch(this.settings.onFault)
  }

  #now(): number {
    return this.#runtime.environment.now()
  }

  #replyToHealth(request: HttpRequest): HttpReply {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new Refusal('METHOD_NOT_ALLOWED', 'health knows GET and HEAD', ['allow', 'GET, HEAD'])
    }
    const { store, liveReaders } = this.engine
    const { name, durability, multiNode } = store.capabilities
    const { isWritable, problems } = store.health?.() ?? WELL
    const status = this.#isStopping ? 'stopping' : isWritable && problems.length === 0 ? 'ok' : 'degraded'
    const { count = 0, problems: troubles = [] } = this.subscriptions?.service ?? {}
    const subscriptions = { count, problems: troubles.slice(0, MAX_PROBLEMS) }
    const kept = { name, durability, multiNode, isWritable, problems }
    const health = { status, store: kept, liveReaders, subscriptions }
    const headers = ['content-type', 'application/json', 'cache-control', 'no-store']
    return { status: this.#isStopping ? 503 : 200, headers, body: [encoder.encode(JSON.stringify(health))] }
  }

  #replyToError(error: unknown): HttpReply {
    if (error instanceof Refusal) return errorReply(error.code, error.message, error.headers)
    if (error instanceof StreamFault) {
      if (error.code !== 'overloaded' && !this.#isStopping) this.settings.onFault(error)
      return errorReply(...FAULTS[error.code])
    }
    this.settings.onFault(error)
    return errorReply('INTERNAL', 'the server has a fault')
  }
}
