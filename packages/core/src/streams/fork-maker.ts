import type { AppendLimits } from '../decide/append.js'
import type { Blueprint, CreateOutcome, CreateRequest, ForkRequest, Unreleased } from '../decide/create.js'
import type { CommitQueue } from './commit-queue.js'
import type { Environment, StreamLimits } from './environment.js'
import type { ForkAnchor, ForkRefusal } from '../decide/fork.js'
import type { ForkOrigin, PendingFork } from '../store/record.js'
import type { PageReader } from './page-reader.js'
import type { RetireOutcome } from '../decide/delete.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import type { StreamStore } from '../store/contract.js'
import { contentKindOf } from '../protocol/content-type.js'
import { decideConfirm, decideHold, decideRelease, findAnchor, planFork } from '../decide/fork.js'
import { decideCreate } from '../decide/create.js'
import { decideRemoved } from '../decide/delete.js'
import { forkEntryKey } from '../store/record.js'
import { frameBody } from '../decide/request-body.js'

export type ForkOutcome = CreateOutcome | ForkRefusal

/** What making forks needs of the engine. */
export interface ForkContext {
  readonly store: StreamStore
  readonly queue: CommitQueue
  readonly pages: PageReader
  readonly environment: Environment
  readonly limits: StreamLimits & AppendLimits
}

/**
 * Forks touch two streams, and a commit only one, so they are made and unmade in steps: the source notes the
 * fork, the fork is created, the source confirms. After a crash in between, the note is found again by its
 * `attentionAt`. At no point can a fork exist whose source does not know of it for long: without the confirmation
 * the fork is taken back.
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
    const { store, environment, limits } = this.#context
    const anchor = findAnchor(await store.load(fork.source, []), request, fork, environment.now(), limits)
    if (anchor.kind !== 'anchor') return anchor
    const forkPoint = await this.#findForkPoint(anchor, fork)
    if (typeof forkPoint !== 'number') return forkPoint
    const streamId = environment.newStreamId()
    const body = frameBody(request.contentType ?? anchor.record.contentType, bytes)
    if (!body.stored.ok) {
      return { kind: 'invalid-json', message: body.stored.message, position: body.stored.position }
    }
    const blueprint = planFork(anchor, request, fork, { streamId, body, forkPoint })
    return this.#createHeld(path, request, blueprint, anchor.record.streamId)
  }

  /** Lets a source go of a fork, and its source of it, as far as that reaches. */
  async release(forkPath: StreamPath, forkId: StreamId, origin: ForkOrigin): Promise<void> {
    let fork = { path: forkPath, streamId: forkId, origin }
    for (;;) {
      const { path, streamId } = fork
      const outcome = await this.#releaseFrom(fork.origin.path, fork.origin.streamId, streamId)
      await this.#context.queue.submit(path, {
        entryKeys: [],
        byteLength: 0,
        decide: (state) => decideRemoved(state, streamId),
      })
      if (outcome.kind !== 'release') return
      fork = { path: fork.origin.path, streamId: outcome.streamId, origin: outcome.origin }
    }
  }

  /** Settles a note that was left by a creation which did not end: the fork exists, or the note goes. */
  async reconcile(sourcePath: StreamPath, sourceId: StreamId, pending: PendingFork): Promise<void> {
    const found = await this.#context.store.load(pending.path, [])
    if (found?.record.streamId === pending.streamId) await this.#confirm(sourcePath, sourceId, pending)
    else {
      const outcome = await this.#releaseFrom(sourcePath, sourceId, pending.streamId)
      if (outcome.kind === 'release') await this.release(sourcePath, outcome.streamId, outcome.origin)
    }
  }

  async #createHeld(
    path: StreamPath,
    request: CreateRequest,
    blueprint: Blueprint,
    sourceId: StreamId,
  ): Promise<ForkOutcome | Unreleased> {
    const { queue, environment } = this.#context
    const sourcePath = blueprint.origin!.path
    const pending: PendingFork = { streamId: blueprint.streamId, path, since: environment.now() }
    const held = await this.#hold(sourcePath, sourceId, pending)
    if (held.kind !== 'held') return held
    const created = await queue.submit(path, {
      entryKeys: [],
      byteLength: blueprint.body.length,
      decide: (state, now) => decideCreate(state, request, blueprint, now),
    })
    if (created.kind !== 'created') {
      await this.#releaseFrom(sourcePath, sourceId, blueprint.streamId)
      return created
    }
    if ((await this.#confirm(sourcePath, sourceId, pending)) === 'confirmed') return created
    await queue.submit(path, {
      entryKeys: [],
      byteLength: 0,
      decide: (state) => ({
        outcome: null,
        change: state?.record.streamId === blueprint.streamId ? { record: null } : null,
      }),
    })
    return { kind: 'source-gone' }
  }

  #hold(path: StreamPath, sourceId: StreamId, pending: PendingFork): Promise<{ kind: 'held' } | ForkRefusal> {
    const { queue, limits } = this.#context
    return queue.submit(path, {
      entryKeys: [],
      byteLength: 0,
      decide: (state, now) => decideHold(state, sourceId, pending, now, limits),
    })
  }

  #confirm(path: StreamPath, sourceId: StreamId, pending: PendingFork): Promise<'confirmed' | 'lost'> {
    return this.#context.queue.submit(path, {
      entryKeys: [forkEntryKey(pending.streamId)],
      byteLength: 0,
      decide: (state) => decideConfirm(state, sourceId, pending),
    })
  }

  #releaseFrom(path: StreamPath, sourceId: StreamId, forkId: StreamId): Promise<RetireOutcome> {
    return this.#context.queue.submit(path, {
      entryKeys: [forkEntryKey(forkId)],
      byteLength: 0,
      decide: (state, now) => decideRelease(state, sourceId, forkId, now),
    })
  }

  async #findForkPoint(anchor: ForkAnchor, fork: ForkRequest): Promise<number | ForkRefusal> {
    const { record, position } = anchor
    const { pages, limits } = this.#context
    const kind = contentKindOf(record.contentType)
    if (!(await pages.isBoundary(record, position, kind))) return { kind: 'fork-offset' }
    if (fork.subOffset === 0) return position
    const point =
      kind === 'json'
        ? await pages.skipMessages(record, position, fork.subOffset, limits.maxPageBytes)
        : position + fork.subOffset
    return point === null || point > record.tail ? { kind: 'fork-sub-offset' } : point
  }
}
