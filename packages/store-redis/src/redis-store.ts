import type { Acknowledgements } from './acknowledgements.js'
import type {
  CommitResult,
  LoadedStream,
  StoreCapabilities,
  StreamChange,
  StreamId,
  StreamPath,
  StreamStore,
  Version,
} from '@ds/core'
import type { CommitPlan } from './commit-plan.js'
import type { Argument, RedisLink } from './redis-link.js'
import type { Incarnation } from './incarnations.js'
import type { OpenParts } from './open-store.js'
import type { RedisStoreHealth } from './store-health.js'
import type { RedisStoreOptions } from './options.js'
import type { StreamKeys } from './keys.js'
import { LinkFault, isReplyError, readRefusal, toStoreError } from './replies.js'
import { StoreError } from '@ds/core'
import { chunkRanges } from './chunk-layout.js'
import { describeHealth, weakestDurability } from './store-health.js'
import { openParts } from './open-store.js'
import { planCommit } from './commit-plan.js'
import { readRecord } from './record-text.js'

/** One read is at most this long; readers ask again for more. */
const MAX_READ_BYTES = 4 << 20
/** How often a commit is sent again because it is another node's turn, or a server had to be examined first. */
const MAX_COMMIT_ATTEMPTS = 64
/** After so many conflicts in a row a node asks that the next commit of the stream be its own. */
const PATIENCE = 3
const TURN_POLL_MS = 3

type CommitReply =
  | [kind: 'ok', number: number]
  | [kind: 'conflict', ...found: (string | null)[]]
  | [kind: 'gate']
  | [kind: 'reserved', leftMs: number]
  | [kind: 'named' | 'corrupt', what: string]

/**
 * Streams in Redis, shared by any number of nodes. Each commit is one script that compares and changes everything; all
 * nodes see it when it is answered.
 */
export class RedisStore implements StreamStore {
  readonly #parts: OpenParts
  #isClosed = false

  private constructor(parts: OpenParts) {
    this.#parts = parts
  }

  /**
   * Connects to Redis. Rejects with a StoreError `unavailable` when it cannot be reached, when it is too old, or when
   * commits would be less durable than is asked for; with a RangeError for options that make no sense.
   */
  static async open(options: RedisStoreOptions = {}): Promise<RedisStore> {
    return new RedisStore(await openParts(options))
  }

  get capabilities(): StoreCapabilities {
    return { name: 'redis', durability: weakestDurability(this.#parts), multiNode: true }
  }

  health(): RedisStoreHealth {
    return describeHealth(this.#parts)
  }

  /** The operator has dealt with the data losses that health tells of. */
  dismissDataLosses(): void {
    this.#parts.losses.length = 0
  }

  async load(path: StreamPath, entryKeys: readonly string[]): Promise<LoadedStream | null> {
    this.#refuseWhenClosed()
    const keys = this.#parts.keys.ofStream(path)
    const fields = [keys.head, 'v', 'r', 't', 'k']
    for (const key of entryKeys) fields.push(`e:${key}`)
    const { commands, acknowledgements } = this.#parts
    try {
      const reply = (await commands.send(keys.bucket, 'hmget', () => fields)) as (string | null)[]
      if (acknowledgements !== null) await this.#confirmBeforeLooking(acknowledgements, keys.bucket)
      return this.#readHead(keys, path, reply, entryKeys)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  recall(path: StreamPath, entryKeys: readonly string[]): LoadedStream | undefined {
    return this.#parts.recollections.recall(path, entryKeys)
  }

  async commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    this.#refuseWhenClosed()
    const { keys, constants, recollections } = this.#parts
    const streamKeys = keys.ofStream(path)
    const blobPrefix = keys.blobPrefix(streamKeys.bucket)
    const plan = planCommit(path, streamKeys.channel, blobPrefix, expected, change, constants)
    try {
      const result = await this.#commit(path, streamKeys, plan, change)
      if (result.kind === 'committed') recollections.committed(path, expected, change, result.version)
      else if (result.kind === 'unknown') recollections.forget(path)
      return result
    } catch (cause) {
      recollections.forget(path)
      return toCommitResult(cause)
    }
  }

  async read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): Promise<readonly Uint8Array[] | null> {
    this.#refuseWhenClosed()
    const { keys, commands, incarnations } = this.#parts
    try {
      const { bucket } = keys.ofStream(path)
      const incarnation = incarnations.get(streamId) ?? (await this.#findIncarnation(path, streamId))
      if (incarnation === null) return null
      const prefix = keys.chunkPrefix(bucket, incarnation.blobId)
      const ranges = chunkRanges(from - incarnation.base, Math.min(limitBytes, MAX_READ_BYTES))
      const replies = await Promise.all(
        ranges.map(({ index, offset, length }) => {
          const args = [`${prefix}${index}`, String(offset), String(offset + length - 1)]
          return commands.send(bucket, 'getrange', () => args, null) as Promise<Buffer>
        }),
      )
      const pieces: Uint8Array[] = []
      for (let i = 0; i < replies.length; i++) {
        const piece = replies[i]!
        if (piece.length > 0) pieces.push(piece)
        if (piece.length < ranges[i]!.length) break
      }
      if (pieces.length > 0) return pieces
      incarnations.forget(streamId)
      return null
    } catch (error) {
      throw toStoreError(error)
    }
  }

  watch(path: StreamPath, wake: () => void): () => void {
    return this.#isClosed ? () => undefined : this.#parts.wakeUps.watch(path, wake)
  }

  async touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    this.#refuseWhenClosed()
    const { keys, commands, constants, scripts } = this.#parts
    const { bucket, head } = keys.ofStream(path)
    const prefix = keys.blobPrefix(bucket)
    const args = [scripts.touch, '2', head, keys.ofBucket(bucket).due, streamId, String(now), path, prefix]
    args.push(String(constants.expiryMarginMs))
    try {
      await commands.send(bucket, 'evalsha', () => args)
      this.#parts.recollections.touched(path, now)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  async list(prefix: string, after: string, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#parts.listings.list(prefix, after, limit).catch(rethrow)
  }

  async due(now: number, limit: number): Promise<readonly StreamPath[]> {
    this.#refuseWhenClosed()
    return this.#parts.listings.due(now, limit).catch(rethrow)
  }

  /** Waits for what is under way, and ends all connections. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#parts.close()
  }

  async #commit(
    path: StreamPath,
    keys: StreamKeys,
    plan: CommitPlan,
    change: StreamChange,
  ): Promise<CommitResult> {
    const { incarnations, recollections } = this.#parts
    const streamId = change.record?.streamId
    let blobId: string = streamId === undefined ? '' : (incarnations.get(streamId)?.blobId ?? streamId)
    const takesTurn = recollections.conflictsOf(path) >= PATIENCE
    for (let attempt = 1; attempt <= MAX_COMMIT_ATTEMPTS; attempt++) {
      if (!this.#knowsServerOf(keys.bucket)) await this.#meetServerOf(keys.bucket)
      const reply = await this.#send(keys, plan, blobId, takesTurn)
      switch (reply[0]) {
        case 'ok':
          return this.#conclude(path, keys, change, blobId, reply[1])
        case 'conflict': {
          const entryKeys = [...change.entries.keys()]
          recollections.found(path, this.#readHead(keys, path, reply.slice(1), entryKeys), entryKeys)
          return { kind: 'conflict' }
        }
        case 'corrupt':
          throw new StoreError('corrupt', `${reply[1]} is not as long as the stream's record says`)
        case 'named':
          blobId = reply[1]
          break
        case 'reserved':
          await new Promise((resolve) => setTimeout(resolve, Math.min(TURN_POLL_MS, reply[1])))
          break
        case 'gate':
          await this.#meetServerOf(keys.bucket)
      }
    }
    throw new StoreError('unavailable', `what Redis has of ${path} is still being examined`)
  }

  /** The script has done it; what is left is to make sure that replicas have it, and to tell everybody. */
  async #conclude(
    path: StreamPath,
    keys: StreamKeys,
    { record, commitId }: StreamChange,
    blobId: string,
    number: number,
  ): Promise<CommitResult> {
    const { incarnations, acknowledgements, router, memory, wakeUps } = this.#parts
    const link = acknowledgements === null ? null : router.linkOf(keys.bucket)
    if (link !== null && !(await acknowledgements!.confirm(link))) {
      return { kind: 'unknown', cause: new Error('the commit did not reach the replicas in time') }
    }
    memory.note(keys.bucket, path, record?.streamId ?? null, number)
    if (record !== null) incarnations.note(record.streamId, record.base, blobId)
    wakeUps.committed(path, commitId)
    return { kind: 'committed', version: `${number}.${commitId}` }
  }

  #send(keys: StreamKeys, plan: CommitPlan, blobId: string, takesTurn: boolean): Promise<CommitReply> {
    const { commands, keys: names, scripts } = this.#parts
    const { meta, due, paths } = names.ofBucket(keys.bucket)
    const chunkPrefix = names.chunkPrefix(keys.bucket, blobId)
    const chunks = plan.appends.map(({ index }) => `${chunkPrefix}${index}`)
    const keyArgs = [keys.head, due, paths, keys.made, meta, ...chunks]
    const before: Argument[] = [scripts.commit, String(keyArgs.length), ...keyArgs]
    const after = plan.argsFor(blobId, takesTurn)
    return commands.send(keys.bucket, 'evalsha', (link) => [
      ...before,
      this.#runOf(link),
      ...after,
    ]) as Promise<CommitReply>
  }

  /** Whether what is remembered of the bucket was given by the server that has it now; its slot may have moved. */
  #knowsServerOf(bucket: number): boolean {
    const { router, guard, memory } = this.#parts
    const link = router.linkOf(bucket)
    const server = link === null ? undefined : guard.stateOf(link)
    return server === undefined || server.facts.run === memory.known(bucket).run
  }

  async #meetServerOf(bucket: number): Promise<void> {
    const { router, guard } = this.#parts
    const link = router.linkOf(bucket)
    if (link !== null) await guard.readmit(link, bucket)
  }

  /** The run of the server that a commit goes to; refuses where commits are not durable enough. */
  #runOf(link: RedisLink): string {
    const server = this.#parts.guard.stateOf(link)
    if (server !== undefined && server.refusal !== null)
      throw new StoreError('unavailable', `${link.address}: ${server.refusal}`)
    return server?.facts.run ?? ''
  }

  #readHead(
    keys: StreamKeys,
    path: StreamPath,
    reply: readonly (string | null)[],
    entryKeys: readonly string[],
  ): LoadedStream | null {
    const [version, text, touchedAt, blobId] = reply
    if (!version || !text || !touchedAt) return null
    const record = readRecord(text)
    const dot = version.indexOf('.')
    const { memory, incarnations } = this.#parts
    if (this.#knowsServerOf(keys.bucket)) {
      memory.note(keys.bucket, path, record.streamId, Number(version.slice(0, dot)))
    } else {
      // What is shown until then is not remembered, because its number means nothing beside those of before.
      this.#meetServerOf(keys.bucket).catch(() => undefined)
    }
    incarnations.note(record.streamId, record.base, blobId ?? record.streamId)
    const entries = new Map<string, string>()
    for (let i = 0; i < entryKeys.length; i++) {
      const value = reply[4 + i]
      if (typeof value === 'string') entries.set(entryKeys[i]!, value)
    }
    return { record, version, commitId: version.slice(dot + 1), touchedAt: Number(touchedAt), entries }
  }

  /** Where an incarnation's bytes are, also of one that had to become another because commits were lost. */
  async #findIncarnation(path: StreamPath, streamId: StreamId): Promise<Incarnation | null> {
    const { keys, commands, incarnations } = this.#parts
    const { bucket, head } = keys.ofStream(path)
    const fields = [head, 'i', 'k', 'a', 'b']
    const reply = (await commands.send(bucket, 'hmget', () => fields)) as (string | null)[]
    const [current, blobId, before, base] = reply
    if (!current || !base) return null
    if (current !== streamId && before?.includes(streamId) !== true) return null
    const incarnation = { base: Number(base), blobId: blobId ?? current }
    incarnations.note(streamId, incarnation.base, incarnation.blobId)
    return incarnation
  }

  async #confirmBeforeLooking(acknowledgements: Acknowledgements, bucket: number): Promise<void> {
    const link = this.#parts.router.linkOf(bucket)
    if (link === null || (await acknowledgements.confirmBeforeLooking(link))) return
    throw new StoreError('unavailable', 'commits have not reached the replicas')
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new StoreError('unavailable', 'the store is closed')
  }
}

/** What was sent and not answered may have happened; what was refused has not. */
function toCommitResult(cause: unknown): CommitResult {
  if (cause instanceof LinkFault && cause.wasSent) return { kind: 'unknown', cause }
  if (isReplyError(cause) && readRefusal(cause).kind === 'other') return { kind: 'unknown', cause }
  throw toStoreError(cause)
}

function rethrow(error: unknown): never {
  throw toStoreError(error)
}
