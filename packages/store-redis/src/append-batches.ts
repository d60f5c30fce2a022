import type { AppendSpot } from './append-spot.js'
import type { Argument } from './redis-link.js'
import type { Acknowledgements } from './acknowledgements.js'
import type { BucketServers } from './bucket-servers.js'
import type { Commands } from './commands.js'
import { EncodedArguments, encodeArgument, encodeAscii, encodeHead } from './encoded-command.js'

/** An append as the script takes it. */
export interface Append {
  readonly spot: AppendSpot
  readonly touchedAt: number
  readonly commitId: string
  readonly bytes: Argument
  readonly length: number
  /** For each entry its field, its value so far, and the new one. */
  readonly entries: readonly string[]
  /** The script was called: the commit's number and the stream's new tail; number 0 if nothing was done. */
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
  readonly expiryMarginMs: number
  /** Whether each bucket may be on a server of its own. */
  readonly isCluster: boolean
}

/**
 * Appends of one call of the script. With more of them, server and node would wait for each other; and Redis does
 * nothing else while a call lasts.
 */
const MAX_APPENDS = 16
const MAX_BYTES = 1 << 20
const KEYS_OF_AN_APPEND = 3
const COMMON_ARGUMENTS = 3
const ARGUMENTS_OF_AN_APPEND = 7
const NO_ENTRIES = encodeAscii('0')

/**
 * Collects the appends of one turn of the event loop, and sends them together.
 *
 * There are no Maps and few literals on the way of an append, here and in what it uses. The tables that a Map outgrows
 * refer to each other, and V8 comes to place the objects of a literal of which many once survived among the old ones; in
 * both cases what they refer to outlives its time, and collecting that took a third of the work of an append.
 */
export class AppendBatches {
  readonly #settings: AppendBatchSettings
  /** What is to be sent, by bucket in a cluster; one server takes all together. */
  readonly #lanes: (Batch | null)[] = []
  /** The lanes that have something. */
  #open: number[] = []

  /** What every call says in the same way. */
  readonly #constants: string

  constructor(settings: AppendBatchSettings) {
    this.#settings = settings
    this.#constants = encodeArgument(settings.publishCommand) + encodeAscii(String(settings.expiryMarginMs))
  }

  add(append: Append): void {
    const lane = this.#settings.isCluster ? append.spot.bucket : 0
    const batch = this.#batchFor(lane, append)
    if (batch.add(append) < MAX_APPENDS) return
    this.#lanes[lane] = null
    void this.#send(batch)
  }

  #batchFor(lane: number, { spot, length }: Append): Batch {
    const open = this.#lanes[lane] ?? null
    if (open !== null && open.bytes + length <= MAX_BYTES) return open
    if (open !== null) void this.#send(open)
    else if (this.#open.push(lane) === 1) process.nextTick(this.#sendAll)
    return (this.#lanes[lane] = new Batch(spot.bucket))
  }

  readonly #sendAll = (): void => {
    const open = this.#open
    this.#open = []
    for (const lane of open) {
      const batch = this.#lanes[lane] ?? null
      this.#lanes[lane] = null
      if (batch !== null) void this.#send(batch)
    }
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

  async #ask(batch: Batch): Promise<readonly number[]> {
    const { commands, servers, acknowledgements, script } = this.#settings
    const { bucket } = batch
    const reply = await commands.send(
      bucket,
      'evalsha',
      (link) => batch.encode(script, encodeArgument(servers.runOf(link)) + this.#constants),
      null,
    )
    await acknowledgements?.require(servers.linkOf(bucket))
    return reply as readonly number[]
  }
}

/** Appends of one call, their arguments encoded as they come. */
class Batch {
  readonly bucket: number
  readonly appends: Append[] = []
  bytes = 0
  #keys = ''
  #argCount = 0
  /** The arguments that are not in `#text`; null while all are. */
  #before: (string | Buffer)[] | null = null
  #text = ''

  constructor(bucket: number) {
    this.bucket = bucket
  }

  /** How many appends it has now. */
  add(append: Append): number {
    const { spot, touchedAt, commitId, bytes, length, entries } = append
    this.bytes += length
    this.#keys += spot.keys
    this.#argCount += ARGUMENTS_OF_AN_APPEND + entries.length
    const text = spot.start + encodeAscii(String(touchedAt)) + encodeArgument(commitId) + encodeHead(length)
    if (typeof bytes === 'string') this.#text += text + bytes
    else {
      this.#before ??= []
      this.#before.push(this.#text + text, bytes)
      this.#text = ''
    }
    this.#text += entries.length === 0 ? `\r\n${NO_ENTRIES}` : `\r\n${encodeEntries(entries)}`
    return this.appends.push(append)
  }

  /** @param constants the arguments that are the same for all appends, encoded */
  encode(script: string, constants: string): EncodedArguments {
    const keyCount = KEYS_OF_AN_APPEND * this.appends.length
    const start = encodeAscii(String(keyCount)) + this.#keys + constants
    const count = 1 + COMMON_ARGUMENTS + keyCount + this.#argCount
    if (this.#before === null) return new EncodedArguments(script, count, start + this.#text, null)
    return new EncodedArguments(script, count, this.#text, [start, ...this.#before])
  }
}

function encodeEntries(entries: readonly string[]): string {
  let text = encodeAscii(String(entries.length / 3))
  for (const part of entries) text += encodeArgument(part)
  return text
}
