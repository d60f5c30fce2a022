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
import type { Incarnation } from './incarnations.js'
import type { OpenParts } from './open-store.js'
import type { RedisStoreHealth } from './store-health.js'
import type { RedisStoreOptions } from './options.js'
import { Appends } from './appends.js'
import { HEAD_FIELDS, readHead } from './stream-heads.js'
import { toStoreError } from './replies.js'
import { SingleCommits } from './single-commits.js'
import { StoreError } from '@ds/core'
import { chunkRanges } from './chunk-layout.js'
import { describeHealth, weakestDurability } from './store-health.js'
import { openParts } from './open-store.js'

/** One read is at most this long; readers ask again for more. */
const MAX_READ_BYTES = 4 << 20
/**
 * Streams in Redis, shared by any number of nodes. Each commit is one script that compares and changes everything; all
 * nodes see it when it is answered.
 */
export class RedisStore implements StreamStore {
  readonly #parts: OpenParts
  readonly #singles: SingleCommits
  readonly #appends: Appends
  #isClosed = false

  private constructor(parts: OpenParts) {
    this.#parts = parts
    this.#singles = new SingleCommits(parts)
    this.#appends = new Appends(parts, this.#singles)
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
    const fields = [keys.head, ...HEAD_FIELDS]
    for (const key of entryKeys) fields.push(`e:${key}`)
    const { commands, acknowledgements } = this.#parts
    try {
      const reply = (await commands.send(keys.bucket, 'hmget', () => fields)) as (string | null)[]
      if (acknowledgements !== null) await this.#confirmBeforeLooking(acknowledgements, keys.bucket)
      return readHead(this.#parts, keys.bucket, path, reply, entryKeys)
    } catch (error) {
      throw toStoreError(error)
    }
  }

  recall(path: StreamPath, entryKeys: readonly string[]): LoadedStream | undefined {
    return this.#parts.recollections.recall(path, entryKeys)
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    if (this.#isClosed) return Promise.reject(closedError())
    const appending = expected === null ? null : this.#appends.commit(path, String(expected), change)
    return appending ?? this.#singles.commit(path, expected, change)
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
    if (this.#isClosed) throw closedError()
  }
}

function closedError(): StoreError {
  return new StoreError('unavailable', 'the store is closed')
}

function rethrow(error: unknown): never {
  throw toStoreError(error)
}
