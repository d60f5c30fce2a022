import type { Blueprint, CreateOutcome, CreateRequest, ForkRequest, Unreleased } from '../decide/create.js'
import type { StreamWriter, Write } from './stream-writer.js'
import type { Decision, StreamState } from '../decide/stream-state.js'
import type { BodyFramer } from './body-framer.js'
import type { Environment, StreamLimits } from './environment.js'
import type { ForkAnchor, ForkRefusal, Unsettled } from '../decide/fork.js'
import type { ForkOrigin, PendingFork } from '../store/record.js'
import type { LoadedStream, StreamStore } from '../store/contract.js'
import type { PageReader } from './page-reader.js'
import type { RetireOutcome } from '../decide/delete.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import { StreamFault } from './environment.js'
import { asFault } from './committer.js'
import { contentKindOf } from '../protocol/content-type.js'
import {
  decideConfirm,
  decideDisown,
  decideHold,
  decideRelease,
  decideSettled,
  decideStrike,
  findAnchor,
  planFork,
  standingOf,
} from '../decide/fork.js'
import { decideCreate } from '../decide/create.js'
import { decideRemoved } from '../decide/delete.js'
import { SETTLE_AFTER_MS, forkEntryKey } from '../store/record.js'

export type ForkOutcome = CreateOutcome | ForkRefusal

/** How often a fork waits for its source, a fresh fork itself, to be settled. */
const MAX_SETTLE_ATTEMPTS = 4

/** What making forks needs of the engine. */
export interface ForkContext {
  readonly store: StreamStore
  readonly writer: StreamWriter
  readonly pages: PageReader
  readonly framer: BodyFramer
  readonly environment: Environment
  readonly limits: StreamLimits
  /** Told of faults in work that no request waits for; the sweeper takes that work up again. */
  readonly onFault: (fault: StreamFault) => void
}

/**
 * Forks touch two streams, and a commit only one, so they are made and unmade in steps, each a commit: the source
 * notes the fork, the fork is created, the source confirms. A crash in between leaves the note, or a fork that is
 * marked as unsettled; the sweeper finds both by their age and settles them with the other side. A fork that its
 * source does not know ends like a deleted one.
 */
export class ForkMaker {
  readonly #context: ForkContext

  constructor(context: ForkContext) {
    this.#context = context
  }

  /** Creates a fork at `path`, where nothing stands. */
  async create(
    path: StreamPath,
    request: CreateRequest,
    fork: ForkRequest,
    bytes: Uint8Array,
  ): Promise<ForkOutcome | Unreleased> {
    for (let attempt = 1; attempt <= MAX_SETTLE_ATTEMPTS; attempt++) {
      const outcome = await this.#tryCreate(path, request, fork, bytes)
      if (outcome.kind !== 'unsettled') return outcome
      const source = await this.#load(fork.source, [])
      if (source !== null) await this.settleFork(fork.source, source)
    }
    throw new StreamFault('contended', 'the source of the fork is still being made')
  }

  /** Lets a source go of a fork, and its source of it, as far as that reaches. */
  async release(forkPath: StreamPath, forkId: StreamId, origin: ForkOrigin): Promise<void> {
    let fork = { path: forkPath, streamId: forkId, origin }
    for (;;) {
      const { path, streamId } = fork
      const sourceId = fork.origin.streamId
      const outcome = await this.#decide(fork.origin.path, [forkEntryKey(streamId)], (state, now) =>
        decideRelease(state, sourceId, streamId, now),
      )
      await this.#decide(path, [], (state) => decideRemoved(state, streamId))
      if (outcome.kind !== 'release') return
      fork = { path: fork.origin.path, streamId: outcome.streamId, origin: outcome.origin }
    }
  }

  /** Goes on with whatever is left to do after a stream has come to its end. */
  async follow(path: StreamPath, outcome: RetireOutcome): Promise<void> {
    if (outcome.kind === 'release') await this.release(path, outcome.streamId, outcome.origin)
  }

  /** Settles a note that was left by a creation which did not end: the fork exists, or the note goes. */
  async settleNote(sourcePath: StreamPath, sourceId: StreamId, pending: PendingFork): Promise<void> {
    const found = await this.#load(pending.path, [])
    if (found?.record.streamId === pending.streamId) {
      await this.#confirm(sourcePath, sourceId, pending)
      return
    }
    const outcome = await this.#decide(sourcePath, [], (state, now) =>
      decideStrike(state, sourceId, pending.streamId, now),
    )
    await this.follow(sourcePath, outcome)
  }

  /** Settles a fork that does not know whether its source holds for it. */
  async settleFork(path: StreamPath, fork: LoadedStream): Promise<void> {
    const { streamId, origin, state } = fork.record
    if (origin === null) return
    const source = await this.#load(origin.path, [forkEntryKey(streamId)])
    let standing = standingOf(source, origin.streamId, streamId)
    if (standing === 'pending') {
      const confirmed = await this.#confirm(origin.path, origin.streamId, { streamId, path, since: 0 })
      standing = confirmed === 'confirmed' ? 'confirmed' : 'unknown'
    }
    if (standing === 'confirmed' || state !== 'live') {
      await this.#decide(path, [], (current) => decideSettled(current, streamId))
      return
    }
    await this.follow(
      path,
      await this.#decide(path, [], (current, now) => decideDisown(current, streamId, now)),
    )
  }

  async #tryCreate(
    path: StreamPath,
    request: CreateRequest,
    fork: ForkRequest,
    bytes: Uint8Array,
  ): Promise<ForkOutcome | Unreleased | Unsettled> {
    const { environment, framer, limits } = this.#context
    const source = await this.#load(fork.source, [])
    const anchor = findAnchor(source, request, fork, environment.now(), limits)
    if (anchor.kind !== 'anchor') return anchor
    const forkPoint = await this.#findForkPoint(anchor, fork)
    if (typeof forkPoint !== 'number') return forkPoint
    const streamId = environment.newStreamId()
    const body = await framer.frame(path, request.contentType ?? anchor.record.contentType, bytes)
    if (!body.stored.ok) {
      return { kind: 'invalid-json', message: body.stored.message, position: body.stored.position }
    }
    const blueprint = planFork(anchor, request, fork, { streamId, body, forkPoint })
    return this.#createHeld(path, request, blueprint, anchor.record.streamId)
  }

  async #createHeld(
    path: StreamPath,
    request: CreateRequest,
    blueprint: Blueprint,
    sourceId: StreamId,
  ): Promise<ForkOutcome | Unreleased | Unsettled> {
    const { environment, limits } = this.#context
    const { streamId } = blueprint
    const sourcePath = blueprint.origin!.path
    const pending: PendingFork = { streamId, path, since: environment.now() }
    const held = await this.#decide(sourcePath, [], (state, now) =>
      decideHold(state, sourceId, pending, now, limits),
    )
    if (held.kind !== 'held') return held
    const created = await this.#decide(
      path,
      [],
      (state, now) => decideCreate(state, request, blueprint, now),
      blueprint.body.length,
    )
    if (created.kind !== 'created') {
      await this.#inBackground(this.settleNote(sourcePath, sourceId, pending))
      return created
    }
    // A note is only struck when it is old and its fork does not exist. As long as it was young when the fork came to
    // exist, it will be confirmed, if not now then by the sweeper.
    const isSafe = environment.now() - pending.since < SETTLE_AFTER_MS / 2
    const confirming = this.#confirm(sourcePath, sourceId, pending)
    const confirmed = isSafe ? await this.#inBackground(confirming) : await confirming
    if (confirmed !== 'lost') return created
    await this.follow(path, await this.#decide(path, [], (state, now) => decideDisown(state, streamId, now)))
    return { kind: 'source-gone' }
  }

  #confirm(path: StreamPath, sourceId: StreamId, pending: PendingFork): Promise<'confirmed' | 'lost'> {
    return this.#decide(path, [forkEntryKey(pending.streamId)], (state) =>
      decideConfirm(state, sourceId, pending),
    )
  }

  /** What was decided stands, whether or not this succeeds now. */
  async #inBackground<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work
    } catch (error) {
      this.#context.onFault(asFault(error))
      return null
    }
  }

  async #decide<Outcome>(
    path: StreamPath,
    entryKeys: readonly string[],
    decide: (state: StreamState | null, now: number) => Decision<Outcome>,
    byteLength = 0,
  ): Promise<Outcome> {
    const write: Write<Outcome> = { entryKeys, byteLength, decide }
    return this.#context.writer.submit(path, write)
  }

  async #load(path: StreamPath, entryKeys: readonly string[]): Promise<LoadedStream | null> {
    try {
      return await this.#context.store.load(path, entryKeys)
    } catch (error) {
      throw asFault(error)
    }
  }

  async #findForkPoint(anchor: ForkAnchor, fork: ForkRequest): Promise<number | ForkRefusal> {
    const { record, position } = anchor
    const { pages, limits } = this.#context
    const kind = contentKindOf(record.contentType)
    try {
      if (!(await pages.isBoundary(fork.source, record, position, kind))) return { kind: 'fork-offset' }
      if (fork.subOffset === 0) return position
      const point =
        kind === 'json'
          ? await pages.skipMessages(fork.source, record, position, fork.subOffset, limits.maxPageBytes)
          : position + fork.subOffset
      return point === null || point > record.tail ? { kind: 'fork-sub-offset' } : point
    } catch (error) {
      throw asFault(error)
    }
  }
}
