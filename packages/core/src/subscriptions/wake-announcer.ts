import type { AppendOutcome } from '../decide/append.js'
import type { StreamEngine } from '../streams/stream-engine.js'
import type { StreamPath } from '../protocol/branded.js'
import type { SubscriptionEnvironment } from './subscription-environment.js'
import type { Wake } from './subscription-state.js'
import { encodeAsciiJson } from '../framing/ascii-json.js'
import { retryDelayMs } from './decide-delivery.js'

/** A wake of a pull-wake subscription, to be written to its wake stream. @see PROTOCOL §7.2 */
export interface Announcement {
  readonly subscriptionId: string
  readonly incarnation: string
  readonly wakeStream: StreamPath
  readonly wake: Wake
  /** One of the streams that have something new. */
  readonly stream: StreamPath
}

/** Null when the event stands in the wake stream; otherwise why it does not, for an operator. */
export type AnnouncementProblem = string | null

/** Writes the wakes of one subscription to its wake stream, and tries again as long as that does not take them. */
export class WakeAnnouncer {
  /** Why the last wake is not announced, for an operator; null when it is. */
  problem: AnnouncementProblem = null
  readonly #engine: Pick<StreamEngine, 'append'>
  readonly #environment: SubscriptionEnvironment
  #announced = 0
  #failures = 0
  #nextAt = 0

  constructor(engine: Pick<StreamEngine, 'append'>, environment: SubscriptionEnvironment) {
    this.#engine = engine
    this.#environment = environment
  }

  /** Whether a wake is still to be announced by this node, as far as it knows. */
  owes(wake: Wake): boolean {
    return wake.phase === 'offered' && wake.generation > this.#announced
  }

  /** After how long a failed announcement is to be tried again; null when none has failed. */
  get retryIn(): number | null {
    return this.#failures === 0 ? null : this.#nextAt - this.#environment.now()
  }

  /** Announces a wake unless that was done or has just failed; true when it was written. */
  async announce(announcement: Announcement): Promise<boolean> {
    const { generation } = announcement.wake
    if (generation <= this.#announced || (this.retryIn ?? 0) > 0) return false
    this.problem = await announceWake(this.#engine, announcement)
    if (this.problem === null) {
      this.#failures = 0
      this.#announced = generation
      return true
    }
    this.#failures++
    this.#nextAt = this.#environment.now() + retryDelayMs(this.#failures, this.#environment.random())
    return false
  }
}

/**
 * Writes a wake event. The generation is the epoch of a producer that belongs to the subscription, so that each
 * generation is announced once however many nodes try, and never after a later one.
 */
async function announceWake(
  engine: Pick<StreamEngine, 'append'>,
  { subscriptionId, incarnation, wakeStream, wake, stream }: Announcement,
): Promise<AnnouncementProblem> {
  const event = {
    type: 'wake',
    subscription_id: subscriptionId,
    stream,
    generation: wake.generation,
    ts: wake.since,
  }
  const outcome = await engine.append(wakeStream, {
    contentType: 'application/json',
    body: encodeAsciiJson(event),
    close: false,
    producer: { id: `__ds:${incarnation}`, epoch: wake.generation, seq: 0 },
    streamSeq: null,
  })
  return explain(outcome, wakeStream)
}

function explain(outcome: AppendOutcome, wakeStream: StreamPath): AnnouncementProblem {
  switch (outcome.kind) {
    case 'appended':
    case 'duplicate':
    case 'already-closed':
      return null
    // A later generation was announced already.
    case 'stale-epoch':
      return null
    case 'not-found':
    case 'gone':
      return `the wake stream ${wakeStream} does not exist`
    case 'closed':
      return `the wake stream ${wakeStream} is closed`
    case 'content-type-mismatch':
      return `the wake stream ${wakeStream} has content type ${outcome.expected}, not application/json`
    default:
      return `the wake stream ${wakeStream} does not take wakes: ${outcome.kind}`
  }
}
