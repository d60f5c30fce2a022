import type { Change, Decision, StreamState } from '../decide/stream-state.js'
import type { StreamWriter } from '../streams/stream-writer.js'
import type { Environment } from '../streams/environment.js'
import type { PageReader } from '../streams/page-reader.js'
import type { StreamId, StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamStore } from '../store/contract.js'
import { NEVER } from '../protocol/expiry.js'
import { StreamFault } from '../streams/environment.js'
import { asciiBytes, joinBytes } from '../framing/bytes.js'
import { asciiText, toAsciiJson } from '../framing/ascii-json.js'

/** What a log of events tells: how a state begins, changes, and is told from the start. */
export interface LogDefinition<State, Event> {
  readonly empty: () => State
  /** Changes the state in place. */
  readonly apply: (state: State, event: Event) => void
  /** The fewest events that lead to a state. */
  readonly snapshot: (state: State) => Iterable<Event>
}

/** What a decision over a log comes to. */
export interface LogDecision<Outcome, Event> {
  readonly outcome: Outcome
  readonly events: readonly Event[]
  /**
   * `replace`: the events are the whole new log. `remove`: the log goes, with all that it told. Otherwise the events
   * are added; none changes nothing.
   */
  readonly as?: 'replace' | 'remove'
}

export interface LogContext {
  readonly store: StreamStore
  readonly writer: StreamWriter
  readonly pages: PageReader
  readonly environment: Environment
}

const NO_KEYS: readonly string[] = []
const MAX_ATTEMPTS = 16
/** Bytes that are read and parsed in one turn of the event loop. */
const SLICE_BYTES = 64 << 10
/** Logs shorter than this are never rewritten. */
const COMPACT_FROM_BYTES = 64 << 10
/** The state has moved on since the decision was asked for; it is asked again on the new one. */
const STALE = Symbol('stale')

/**
 * A small state that is kept as a log of events in a stream of its own, through the same compare-and-commit as
 * everything else. Whatever is decided is decided on the state that the commit finds, on every node: a decision on an
 * older one is thrown away and made again. Only the nodes' own paths below `__ds` hold such streams.
 */
export class EventLog<State, Event> {
  readonly path: StreamPath
  readonly #definition: LogDefinition<State, Event>
  readonly #context: LogContext
  #state: State
  /** The incarnation and the length of the log that the state was read from; null when there is none. */
  #at: { readonly streamId: StreamId; readonly length: number } | null = null
  /** How long the log was after the last attempt to shorten it. */
  #compactedLength = 0
  /** One thing at a time. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(path: StreamPath, definition: LogDefinition<State, Event>, context: LogContext) {
    this.path = path
    this.#definition = definition
    this.#context = context
    this.#state = definition.empty()
  }

  /** The state as this node knows it. It changes in place; nobody else may change it. */
  get state(): State {
    return this.#state
  }

  /** Reads what other nodes have added. */
  sync(): Promise<void> {
    return this.#inTurn(() => this.#sync())
  }

  /**
   * Decides on the newest state and commits the events, all or none. The decision may be made more than once and
   * must not change anything. Rejects with a {@link StreamFault}; after `outcome-unknown` they may have been added.
   */
  transact<Outcome>(decide: (state: State, now: number) => LogDecision<Outcome, Event>): Promise<Outcome> {
    return this.#inTurn(async () => {
      const outcome = await this.#transact(decide)
      if (this.#isLong()) await this.#compact()
      return outcome
    })
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work)
    this.#turn = done.catch(() => undefined)
    return done
  }

  async #transact<Outcome>(
    decide: (state: State, now: number) => LogDecision<Outcome, Event>,
  ): Promise<Outcome> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      let decision: LogDecision<Outcome, Event> | null = null
      let record: StreamRecord | null = null
      const committed = await this.#context.writer.submit(this.path, {
        entryKeys: NO_KEYS,
        byteLength: 0,
        decide: (found, now): Decision<true | typeof STALE> => {
          if (!this.#isAt(found)) return { outcome: STALE, change: null }
          decision = decide(this.#state, now)
          const change = this.#changeOf(decision, found, now)
          record = change?.record ?? null
          return { outcome: true, change }
        },
      })
      if (committed === true) return this.#applied(decision!, record)
      await this.#sync()
    }
    throw new StreamFault('contended', `${MAX_ATTEMPTS} attempts met other nodes`)
  }

  #changeOf(
    { events, as }: LogDecision<unknown, Event>,
    found: StreamState | null,
    now: number,
  ): Change | null {
    if (as === 'remove') return found === null ? null : { record: null }
    if (events.length === 0) return null
    const bytes = encodeEvents(events)
    if (found === null || as === 'replace')
      return { record: newRecord(this.#context.environment.newStreamId(), bytes.length, now), bytes }
    return { record: { ...found.record, tail: found.record.tail + bytes.length }, bytes }
  }

  #applied<Outcome>(
    { outcome, events, as }: LogDecision<Outcome, Event>,
    record: StreamRecord | null,
  ): Outcome {
    if (as !== undefined) this.#state = this.#definition.empty()
    if (as === 'remove') this.#at = null
    if (record === null) return outcome
    for (const event of events) this.#definition.apply(this.#state, event)
    this.#at = { streamId: record.streamId, length: record.tail }
    if (as === 'replace') this.#compactedLength = record.tail
    return outcome
  }

  #isAt(found: StreamState | null): boolean {
    if (found === null || this.#at === null) return found === null && this.#at === null
    return found.record.streamId === this.#at.streamId && found.record.tail === this.#at.length
  }

  async #sync(): Promise<void> {
    const { store, pages, environment } = this.#context
    for (;;) {
      const found = await store.load(this.path, NO_KEYS)
      if (this.#isAt(found)) return
      if (found?.record.streamId !== this.#at?.streamId) {
        this.#state = this.#definition.empty()
        this.#at = null
        this.#compactedLength = 0
      }
      if (found === null) return
      const { record } = found
      const page = await pages.readPage(this.path, record, this.#at?.length ?? 0, SLICE_BYTES, 'message')
      // Null: the log was rewritten between the two steps.
      if (page === null) continue
      for (const event of decodeEvents<Event>(page.pieces)) this.#definition.apply(this.#state, event)
      this.#at = { streamId: record.streamId, length: page.to }
      if (!page.reachesTail) await new Promise<void>((resolve) => environment.defer(resolve))
    }
  }

  #isLong(): boolean {
    const length = this.#at?.length ?? 0
    return length >= COMPACT_FROM_BYTES && length >= 2 * this.#compactedLength
  }

  /**
   * Puts the state in the place of the events that led to it. It is an optimisation: whatever goes wrong with it, or
   * whoever comes before it, the log is as good as it was.
   */
  async #compact(): Promise<void> {
    const at = this.#at!
    this.#compactedLength = at.length
    const pieces: Uint8Array[] = []
    let length = 0
    for (const event of this.#definition.snapshot(this.#state)) {
      const piece = encodeEvents([event])
      pieces.push(piece)
      length += piece.length
      if (length > at.length / 2) return
      if (pieces.length % 4 === 0)
        await new Promise<void>((resolve) => this.#context.environment.defer(resolve))
    }
    const record = newRecord(this.#context.environment.newStreamId(), length, this.#context.environment.now())
    const bytes = joinBytes(pieces)
    try {
      const isDone = await this.#context.writer.submit(this.path, {
        entryKeys: NO_KEYS,
        byteLength: 0,
        decide: (found): Decision<boolean> =>
          this.#isAt(found) ? { outcome: true, change: { record, bytes } } : { outcome: false, change: null },
      })
      if (!isDone) return
      this.#at = { streamId: record.streamId, length }
      this.#compactedLength = length
    } catch {
      // The next transaction finds out what the log is now.
    }
  }
}

/** Events in the stored form of JSON messages. */
function encodeEvents(events: readonly unknown[]): Uint8Array {
  let text = ''
  for (const event of events) text += `${toAsciiJson(event)},\n`
  return asciiBytes(text)
}

function decodeEvents<Event>(pieces: readonly Uint8Array[]): Event[] {
  const text = asciiText(pieces)
  return text === '' ? [] : (JSON.parse(`[${text.slice(0, -2)}]`) as Event[])
}

function newRecord(streamId: StreamId, tail: number, now: number): StreamRecord {
  return {
    streamId,
    state: 'live',
    contentType: 'application/json',
    createdAt: now,
    start: 0,
    base: 0,
    tail,
    closed: false,
    closedBy: null,
    lastStreamSeq: null,
    expiry: NEVER,
    lineage: [],
    origin: null,
    forkDepth: 0,
    forkCount: 0,
    pendingForks: [],
    producerCount: 0,
    unsettledSince: null,
  }
}
