import type { AppendOutcome, AppendRequest } from '../decide/append.js'
import type {
  AppendToStream,
  CreateStream,
  FollowOutcome,
  HeadOutcome,
  ReadOutcome,
} from './stream-operations.js'
import type { DeleteOutcome } from '../decide/delete.js'
import type { Environment, StreamLimits } from './environment.js'
import type { FeedContext } from './live-feed.js'
import type { ForkOutcome } from './fork-maker.js'
import type { LiveReader } from './live-batch.js'
import type { LoadedStream, MaybePromise, StreamStore } from '../store/contract.js'
import type { StreamWriter } from './stream-writer.js'
import type { StreamPath } from '../protocol/branded.js'
import type { OffsetRequest } from '../protocol/offset.js'
import type { RequestBody } from '../decide/request-body.js'
import type { ReadRefusal, ReadStart } from '../decide/read.js'
import { createWriter } from './stream-writer.js'
import { BodyFramer } from './body-framer.js'
import { asFault } from './committer.js'
import { isPromise } from '../store/contract.js'
import { StreamFault, settleLimits } from './environment.js'
import { ForkMaker } from './fork-maker.js'
import { LiveFeed } from './live-feed.js'
import { PageReader } from './page-reader.js'
import { RecentBatches } from './recent-batches.js'
import { Sweeper } from './sweeper.js'
import { Turns } from './turns.js'
import { decideAppend, moveAppended } from '../decide/append.js'
import { decideCreate, matchExisting, planStream } from '../decide/create.js'
import { decideDelete } from '../decide/delete.js'
import { decideReadStart } from '../decide/read.js'
import { describeStream, lifecycleOf, offsetAt } from '../decide/stream-state.js'
import { producerEntryKey } from '../store/record.js'

export interface StreamEngineOptions {
  readonly store: StreamStore
  readonly environment: Environment
  /** What is left out has the value of `DEFAULT_LIMITS`; the constructor throws a RangeError for what is no bound. */
  readonly limits?: Partial<StreamLimits>
  /** Told of faults in work that no request waits for. */
  readonly onBackgroundFault?: (fault: StreamFault) => void
  /** Called after a commit that made a stream longer, or made one that is not empty; must be quick, and not throw. */
  readonly onStreamGrown?: (path: StreamPath) => void
}

const NO_KEYS: readonly string[] = []

/** How often a read looks again when a stream is deleted under it. */
const MAX_READ_ATTEMPTS = 4

/** How often a creation waits for the remains of a dead fork at its path. */
const MAX_CREATE_ATTEMPTS = 8

/**
 * Durable streams over a store, without HTTP: it brings requests into an order, decides them, commits them
 * together, and wakes live readers. All methods reject with a {@link StreamFault} when the store fails or a bound
 * is reached, and resolve to an outcome for everything that the protocol foresees.
 */
export class StreamEngine {
  readonly store: StreamStore
  readonly limits: StreamLimits
  readonly #environment: Environment
  readonly #writer: StreamWriter
  readonly #pages: PageReader
  readonly #framer: BodyFramer
  readonly #forks: ForkMaker
  readonly #sweeper: Sweeper
  readonly #feeds = new Map<StreamPath, LiveFeed>()
  readonly #feedContext: FeedContext
  readonly #onFault: (fault: StreamFault) => void
  #liveReaders = 0
  /** Creations and deletions under way, which may take several commits. */
  readonly #underWay = new Set<Promise<unknown>>()
  #isStopping = false
  #takesLiveReaders = true

  constructor(options: StreamEngineOptions) {
    const { store, environment } = options
    this.store = store
    this.limits = settleLimits(options.limits)
    this.#environment = environment
    this.#writer = createWriter(store, environment, this.limits, options.onStreamGrown)
    this.#pages = new PageReader(store, environment)
    this.#framer = new BodyFramer(environment, this.limits)
    this.#feedContext = {
      store,
      pages: this.#pages,
      recent: new RecentBatches(),
      turns: new Turns(environment),
      environment,
      maxBatchBytes: this.limits.maxLiveBatchBytes,
    }
    this.#onFault = options.onBackgroundFault ?? (() => undefined)
    const { limits } = this
    const context = {
      store,
      writer: this.#writer,
      pages: this.#pages,
      framer: this.#framer,
      environment,
      limits,
      onFault: this.#onFault,
    }
    this.#forks = new ForkMaker(context)
    this.#sweeper = new Sweeper(context, this.#forks)
  }

  /**
   * Begins to look after expired streams and work that a crash left half done. The first request does so, too, for
   * runtimes that allow no timers before it.
   */
  start(): void {
    this.#sweeper.start()
  }

  /** How many live readers there are. */
  get liveReaders(): number {
    return this.#liveReaders
  }

  /** Creates a stream or a fork, or finds that it exists as asked. @see PROTOCOL §5.1, §4.2 */
  create(path: StreamPath, request: CreateStream): Promise<ForkOutcome> {
    return this.#track(this.#create(path, request))
  }

  /** Appends, closes, or both. @see PROTOCOL §5.2, §5.3 */
  async append(path: StreamPath, request: AppendToStream): Promise<AppendOutcome> {
    return this.appendNow(path, request)
  }

  /** As {@link append}, for hot paths: where the store answers at once, so does this, and it throws at once. */
  appendNow(path: StreamPath, request: AppendToStream): MaybePromise<AppendOutcome> {
    this.#refuseWhenStopping()
    this.#sweeper.start()
    const body = this.#framer.frame(path, request.contentType, request.body)
    if (!isPromise(body)) return this.#append(path, request, body)
    return this.#track(body.then((framed) => this.#append(path, request, framed)))
  }

  /** Deletes a stream, or keeps what its forks need of it. @see PROTOCOL §5.4 */
  delete(path: StreamPath): Promise<DeleteOutcome> {
    return this.#track(this.#delete(path))
  }

  /** Describes a stream without using it. @see PROTOCOL §5.5 */
  async head(path: StreamPath): Promise<HeadOutcome> {
    const loaded = await this.#load(path)
    const lifecycle = lifecycleOf(loaded, this.#environment.now())
    if (loaded === null || lifecycle === 'absent') return { kind: 'not-found' }
    return lifecycle === 'gone' ? { kind: 'gone' } : { kind: 'found', stream: describeStream(loaded) }
  }

  /** Reads one page from an offset; null stands for the start. @see PROTOCOL §5.6 */
  async read(path: StreamPath, offset: OffsetRequest | null): Promise<ReadOutcome> {
    for (let attempt = 1; attempt <= MAX_READ_ATTEMPTS; attempt++) {
      const loaded = await this.#load(path)
      const start = await this.#startRead(path, loaded, offset)
      if (start === null || loaded === null) {
        if (loaded === null) return { kind: 'not-found' }
        continue
      }
      if (start.kind !== 'start') return start
      const { record, position, content } = start
      const cut = content === 'json' ? 'message' : 'anywhere'
      const page = await this.#reading(
        this.#pages.readPage(path, record, position, this.limits.maxPageBytes, cut),
      )
      // Null: the stream was deleted between the two steps, and the next load tells what there is now.
      if (page === null) continue
      return {
        kind: 'page',
        stream: describeStream(loaded),
        from: page.from,
        to: page.to,
        next: offsetAt(record, page.to),
        pieces: page.pieces,
        upToDate: page.reachesTail,
        closed: record.closed && page.to === record.tail,
      }
    }
    throw new StreamFault('storage-corrupt', 'the bytes of a live stream are missing')
  }

  /** Reads from an offset on for as long as the stream and the reader last. @see PROTOCOL §5.7, §5.8 */
  async follow(path: StreamPath, offset: OffsetRequest | null, reader: LiveReader): Promise<FollowOutcome> {
    this.#refuseLiveReads()
    if (this.#liveReaders >= this.limits.maxLiveReaders) {
      throw new StreamFault('overloaded', 'too many live readers')
    }
    this.#liveReaders++
    let isFollowing = false
    try {
      const loaded = await this.#load(path)
      const start = await this.#startRead(path, loaded, offset)
      if (start === null || loaded === null) return { kind: 'not-found' }
      if (start.kind !== 'start') return start
      this.#refuseLiveReads()
      const { record, position } = start
      const live = this.#feedOf(path).follow(record, position, reader, () => this.#liveReaders--)
      isFollowing = true
      return { kind: 'following', stream: describeStream(loaded), from: offsetAt(record, position), live }
    } finally {
      if (!isFollowing) this.#liveReaders--
    }
  }

  /** Ends live readers, so that they go on elsewhere, and takes no new ones. Writes go on until {@link close}. */
  endLiveReads(): void {
    this.#takesLiveReaders = false
    for (const feed of [...this.#feeds.values()]) feed.endAll('stopped')
  }

  /** Ends live readers, refuses new requests, and waits for the ones begun. The store stays open. */
  async close(): Promise<void> {
    this.#isStopping = true
    this.endLiveReads()
    await this.#sweeper.stop()
    await Promise.allSettled([...this.#underWay])
    await this.#writer.whenIdle()
  }

  #append(path: StreamPath, request: AppendToStream, body: RequestBody): MaybePromise<AppendOutcome> {
    const { contentType, close, producer, streamSeq } = request
    const framed: AppendRequest = { contentType, body, close, producer, streamSeq }
    return this.#writer.submit(path, {
      entryKeys: producer === null ? NO_KEYS : [producerEntryKey(producer.id)],
      byteLength: request.body.length,
      decide: (state, now) => decideAppend(state, framed, now, this.limits),
      move: moveAppended,
    })
  }

  async #create(path: StreamPath, request: CreateStream): Promise<ForkOutcome> {
    for (let attempt = 1; attempt <= MAX_CREATE_ATTEMPTS; attempt++) {
      this.#refuseWhenStopping()
      this.#sweeper.start()
      const outcome =
        request.fork === null
          ? await this.#createStream(path, request)
          : await this.#createFork(path, request)
      if (outcome.kind !== 'unreleased') return outcome
      await this.#reading(this.#sweeper.collect(path))
    }
    throw new StreamFault('contended', 'the remains of a deleted fork are still being removed')
  }

  async #delete(path: StreamPath): Promise<DeleteOutcome> {
    this.#refuseWhenStopping()
    this.#sweeper.start()
    const { reply, next } = await this.#writer.submit(path, {
      entryKeys: [],
      byteLength: 0,
      decide: decideDelete,
    })
    // The stream is deleted, whether or not its source can be told now; else the sweeper tells it.
    await this.#forks.follow(path, next).catch((error: unknown) => this.#onFault(asFault(error)))
    return reply
  }

  async #track<T>(answer: PromiseLike<T>): Promise<T> {
    // A stop waits for it as well, and what is not a promise may have but one listener.
    const work = Promise.resolve(answer)
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  async #createStream(path: StreamPath, request: CreateStream): ReturnType<ForkMaker['create']> {
    const body = this.#framer.frame(path, request.contentType, request.body)
    return isPromise(body)
      ? body.then((framed) => this.#createFramed(path, request, framed))
      : this.#createFramed(path, request, body)
  }

  async #createFramed(
    path: StreamPath,
    request: CreateStream,
    body: RequestBody,
  ): ReturnType<ForkMaker['create']> {
    const blueprint = planStream(request, this.#environment.newStreamId(), body)
    return this.#writer.submit(path, {
      entryKeys: [],
      byteLength: request.body.length,
      decide: (state, now) => decideCreate(state, request, blueprint, now),
    })
  }

  async #createFork(path: StreamPath, request: CreateStream): ReturnType<ForkMaker['create']> {
    const existing = matchExisting(await this.#load(path), request, this.#environment.now())
    return existing ?? this.#forks.create(path, request, request.fork!, request.body)
  }

  /** Where a read begins, or why it does not; null when the stream's bytes went away meanwhile. */
  async #startRead(
    path: StreamPath,
    loaded: LoadedStream | null,
    offset: OffsetRequest | null,
  ): Promise<ReadStart | ReadRefusal | null> {
    this.#sweeper.start()
    const now = this.#environment.now()
    const start = decideReadStart(loaded, offset, now)
    if (start.kind !== 'start' || loaded === null) return start
    if (start.record.expiry.kind === 'ttl') await this.#writer.touch(path, loaded, now)
    if (start.content !== 'json') return start
    const isBoundary = await this.#reading(this.#pages.isBoundary(path, start.record, start.position, 'json'))
    if (isBoundary === null) return null
    return isBoundary ? start : { kind: 'offset-invalid' }
  }

  async #load(path: StreamPath): Promise<LoadedStream | null> {
    try {
      return await this.store.load(path, [])
    } catch (error) {
      throw asFault(error)
    }
  }

  async #reading<T>(read: Promise<T>): Promise<T> {
    try {
      return await read
    } catch (error) {
      throw asFault(error)
    }
  }

  #feedOf(path: StreamPath): LiveFeed {
    let feed = this.#feeds.get(path)
    if (feed === undefined) {
      feed = new LiveFeed(path, this.#feedContext, () => this.#feeds.delete(path))
      this.#feeds.set(path, feed)
    }
    return feed
  }

  #refuseLiveReads(): void {
    if (!this.#takesLiveReaders) throw stopping()
  }

  #refuseWhenStopping(): void {
    if (this.#isStopping) throw stopping()
  }
}

function stopping(): StreamFault {
  return new StreamFault('unavailable', 'the server is stopping')
}
