import type { CommitMemory } from './commit-memory.js'
import type { KeyNames } from './keys.js'
import type { RedisLink } from './redis-link.js'
import type { StreamId, StreamPath } from '@ds/core'
import { randomBytes } from 'node:crypto'

/** Commits that were acknowledged are missing from what Redis came back with. */
export interface DataLoss {
  /** When it was found, in milliseconds since 1970. */
  readonly at: number
  /** How many streams lost commits, or lost their removal. */
  readonly streams: number
  /** The first of them. */
  readonly examples: readonly StreamPath[]
  /** How many streams got another incarnation. */
  readonly reincarnated: number
}

/** The names of the scripts, as far as admission needs them. */
export interface AdmissionScripts {
  readonly admit: string
  readonly reincarnate: string
}

export interface AdmissionSettings {
  readonly keys: KeyNames
  readonly memory: CommitMemory
  readonly scripts: AdmissionScripts
  readonly publishCommand: string
  /** How long nodes have to tell that a new server has less than they know. */
  readonly quarantineMs: number
  readonly onLoss: (loss: DataLoss) => void
}

type AdmitReply = [state: 'admitted' | 'waiting' | 'foreign', had: number, leftMs: number]

/** Names the keys and fields that this version writes; another one is for whoever changes them. */
const LAYOUT = 2

const LONGEST_PAUSE_MS = 250
const PAGE = 500
const MAX_EXAMPLES = 10
const ID_DIGITS = '0123456789abcdefghijklmnopqrstuv'

/**
 * Compares what a server has with what this node has seen, before anything is read from it or written to it. Redis
 * may come back with less than was acknowledged: a replica takes over that had not received the last commits, a log
 * was not synced, a backup is restored. Offsets behind the tail that is left were handed out, so a stream that lost
 * commits becomes another incarnation, for which they are refused.
 */
export class Admission {
  readonly #settings: AdmissionSettings

  constructor(settings: AdmissionSettings) {
    this.#settings = settings
  }

  /** Resolves when the server may be used for the buckets. */
  async admit(link: RedisLink, run: string, upForMs: number, buckets: readonly number[]): Promise<void> {
    const lost = new LossReport()
    let waiting = buckets
    while (waiting.length > 0) {
      const states = await Promise.all(waiting.map((bucket) => this.#visit(link, run, upForMs, bucket, lost)))
      const pauses = states.filter((leftMs) => leftMs > 0)
      waiting = waiting.filter((_, i) => states[i]! > 0)
      if (pauses.length > 0) await pause(Math.min(LONGEST_PAUSE_MS, Math.max(...pauses)))
    }
    if (lost.streams > 0) this.#settings.onLoss(lost.toLoss())
  }

  /** Which of the buckets hold data of another run than they ought to. */
  async findStrangers(link: RedisLink, run: string, buckets: readonly number[]): Promise<number[]> {
    const { keys } = this.#settings
    const runs = await Promise.all(
      buckets.map((bucket) => link.sendUnprepared('hget', [keys.ofBucket(bucket).meta, 'run'])),
    )
    return buckets.filter((_, i) => runs[i] !== run)
  }

  /** How long to wait for the bucket, in milliseconds; 0 when it is admitted. */
  async #visit(
    link: RedisLink,
    run: string,
    upForMs: number,
    bucket: number,
    lost: LossReport,
  ): Promise<number> {
    const { keys, memory, scripts, quarantineMs } = this.#settings
    const { run: knownRun, highest } = memory.known(bucket)
    const [state, had, leftMs] = (await link.sendUnprepared('evalsha', [
      scripts.admit,
      '1',
      keys.ofBucket(bucket).meta,
      run,
      knownRun,
      String(highest),
      String(quarantineMs),
      String(upForMs),
      String(LAYOUT),
    ])) as AdmitReply
    if (state === 'foreign') {
      throw new Error(
        `has data of layout ${had}, and this version of the store reads and writes layout ${LAYOUT}`,
      )
    }
    if (knownRun !== run || highest > had) await this.#repair(link, run, bucket, had, lost)
    memory.adopt(
      bucket,
      state === 'admitted' ? run : knownRun,
      knownRun === run && state === 'admitted' ? highest : had,
    )
    return state === 'admitted' ? 0 : Math.max(1, leftMs)
  }

  async #repair(link: RedisLink, run: string, bucket: number, had: number, lost: LossReport): Promise<void> {
    const { commits, isWhole } = this.#settings.memory.beyond(bucket, had)
    for (const [path, { streamId }] of commits) {
      lost.add(path, await this.#reincarnate(link, run, path, streamId))
    }
    if (isWhole) return
    // More streams may have lost commits than this node can remember: all of the bucket count as such.
    const { paths } = this.#settings.keys.ofBucket(bucket)
    let from = '-'
    for (;;) {
      const args = [paths, from, '+', 'BYLEX', 'LIMIT', '0', String(PAGE)]
      const page = (await link.sendUnprepared('zrange', args)) as StreamPath[]
      for (const path of page) {
        lost.add(path, await this.#reincarnate(link, run, path, null))
      }
      if (page.length < PAGE) return
      from = `(${page.at(-1)!}`
    }
  }

  async #reincarnate(
    link: RedisLink,
    run: string,
    path: StreamPath,
    streamId: StreamId | null,
  ): Promise<boolean> {
    const { keys, scripts, publishCommand } = this.#settings
    const { bucket, head } = keys.ofStream(path)
    const args = [run, streamId ?? '', newStreamId(), `loss-${newStreamId()}`, publishCommand]
    const keysOf = [head, keys.ofBucket(bucket).meta]
    const changed = await link.sendUnprepared('evalsha', [scripts.reincarnate, '2', ...keysOf, ...args])
    return changed === 1
  }
}

/** What is found to be lost while a server is examined. */
class LossReport {
  streams = 0
  readonly #examples: StreamPath[] = []
  #reincarnated = 0

  add(path: StreamPath, isReincarnated: boolean): void {
    this.streams++
    if (isReincarnated) this.#reincarnated++
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(path)
  }

  toLoss(): DataLoss {
    return {
      at: Date.now(),
      streams: this.streams,
      examples: this.#examples,
      reincarnated: this.#reincarnated,
    }
  }
}

/** Sixteen characters of which each carries five random bits; never all zeros. */
function newStreamId(): StreamId {
  const digits = Array.from(randomBytes(15), (byte) => ID_DIGITS[byte & 31]!)
  return `1${digits.join('')}` as StreamId
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
