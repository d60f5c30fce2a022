import type { AppendSpot } from './append-spot.js'
import type { BucketServers } from './bucket-servers.js'
import type { Acknowledgements } from './acknowledgements.js'
import type { Argument } from './redis-link.js'
import type { Commands } from './commands.js'
import { encodeArgument } from './encoded-command.js'

/** An append as the script takes it. */
export interface Append {
  readonly spot: AppendSpot
  /** The id of the commit that last changed more of the stream than its length. */
  readonly shapedBy: string
  readonly touchedAt: number
  readonly commitId: string
  readonly bytes: Argument
  readonly length: number
  /** For each entry its field, its value so far, and the new one. */
  readonly entries: readonly string[]
  /** The script was called: the commit's number and the stream's new tail; 0 for nothing done, and where it would be. */
  onReply(number: number, tail: number): void
  /** Told of an error of the server, or of a `LinkFault`. */
  onFailure(error: unknown): void
}

/** What batches need to know of their surroundings. */
export interface AppendBatchSettings {
  readonly servers: BucketServers
  readonly commands: Commands
  readonly acknowledgements: Acknowledgements | null
  /** The name of the script. */
  readonly script: string
  readonly publishCommand: string
  /** Whether each bucket may be on a server of its own. */
  readonly isCluster: boolean
}

interface Batch {
  readonly bucket: number
  readonly appends: Append[]
  /** Encoded arguments: keys, and the others, the last of which are in `text` still. */
  keys: string
  readonly args: (string | Buffer)[]
  text: string
  argCount: number
  bytes: number
}

/**
 * Appends of one call of the script. With more of them, server and node would wait for each other; and Redis does
 * nothing else while a call lasts.
 */
const MAX_APPENDS = 16
const MAX_BYTES = 1 << 20
const KEYS_OF_AN_APPEND = 3
const ARGUMENTS_OF_AN_APPEND = 7

/** Collects the appends of one turn of the event loop, and sends them together. */
export class AppendBatches {
  readonly #settings: AppendBatchSettings
  /** What is to be sent, by bucket in a cluster; one server takes all together. */
  readonly #batches = new Map<number, Batch>()

  constructor(settings: AppendBatchSettings) {
    this.#settings = settings
  }

  add(append: Append): void {
    const lane = this.#settings.isCluster ? append.spot.bucket : 0
    const batch = this.#batchFor(lane, append)
    encodeInto(batch, append)
    if (batch.appends.push(append) < MAX_APPENDS) return
    this.#batches.delete(lane)
    void this.#send(batch)
  }

  #batchFor(lane: number, { spot, length }: Append): Batch {
    const open = this.#batches.get(lane)
    if (open !== undefined && open.bytes + length <= MAX_BYTES) return open
    if (open !== undefined) void this.#send(open)
    else if (this.#batches.size === 0) process.nextTick(this.#sendAll)
    const batch = { bucket: spot.bucket, appends: [], keys: '', args: [], text: '', argCount: 0, bytes: 0 }
    this.#batches.set(lane, batch)
    return batch
  }

  readonly #sendAll = (): void => {
    for (const batch of this.#batches.values()) void this.#send(batch)
    this.#batches.clear()
  }

  async #send(batch: Batch): Promise<void> {
    const { appends } = batch
    let reply: readonly number[]
    try {
      reply = await this.#ask(batch)
    } catch (error) {
      for (const append of appends) append.onFailure(error)
      return
    }
    for (let i = 0; i < appends.length; i++) appends[i]!.onReply(reply[2 * i]!, reply[2 * i + 1]!)
  }

  async #ask({ bucket, appends, keys, args, text, argCount }: Batch): Promise<readonly number[]> {
    const { commands, servers, acknowledgements, script, publishCommand } = this.#settings
    const keyCount = KEYS_OF_AN_APPEND * appends.length
    const before = encodeArgument(String(keyCount)) + keys
    const reply = await commands.send(
      bucket,
      'evalsha',
      (link) => {
        const start = before + encodeArgument(servers.runOf(link)) + encodeArgument(publishCommand)
        const count = 3 + keyCount + argCount
        return { script, count, parts: args.length === 0 ? [start + text] : [start, ...args, text] }
      },
      null,
    )
    await acknowledgements?.require(servers.linkOf(bucket))
    return reply as readonly number[]
  }
}

function encodeInto(batch: Batch, append: Append): void {
  const { spot, shapedBy, touchedAt, commitId, bytes, length, entries } = append
  batch.keys += spot.keys
  batch.argCount += ARGUMENTS_OF_AN_APPEND + entries.length
  batch.bytes += length
  batch.text +=
    encodeArgument(shapedBy) + spot.range + encodeArgument(String(touchedAt)) + encodeArgument(commitId)
  if (typeof bytes === 'string') batch.text += encodeArgument(bytes)
  else {
    batch.args.push(`${batch.text}$${bytes.length}\r\n`, bytes)
    batch.text = '\r\n'
  }
  batch.text += encodeArgument(String(entries.length / 3))
  for (const part of entries) batch.text += encodeArgument(part)
}
