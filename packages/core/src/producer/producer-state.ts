/**
 * One attempt of an idempotent producer: who it is, in which of its lives, and which batch of that life.
 * @see PROTOCOL §5.2.1
 */
export interface ProducerTuple {
  /** The producer's stable name, never empty. */
  readonly id: string
  /** Counts the producer's restarts, 0 to 2^53-1. */
  readonly epoch: number
  /** Counts the batches within one epoch from 0, 0 to 2^53-1. */
  readonly seq: number
}

/** What a stream remembers of one producer: its epoch and the highest batch accepted in it. */
export interface ProducerState {
  readonly epoch: number
  readonly lastSeq: number
}

/** What becomes of an attempt. @see PROTOCOL §5.2.1 (validation logic) */
export type ProducerVerdict =
  | { readonly kind: 'accept'; readonly state: ProducerState }
  | { readonly kind: 'duplicate'; readonly state: ProducerState }
  | { readonly kind: 'stale-epoch'; readonly currentEpoch: number }
  | { readonly kind: 'epoch-start'; readonly receivedSeq: number }
  | { readonly kind: 'gap'; readonly expectedSeq: number; readonly receivedSeq: number }

/** How an attempt's epoch relates to the remembered one. */
type EpochRelation = 'unknown-producer' | 'older' | 'same' | 'newer'

/** How an attempt's sequence number relates to what is expected next in its epoch. */
type SeqRelation = 'first' | 'repeated' | 'next' | 'ahead'

type Transition = (attempt: ProducerTuple, state: ProducerState) => ProducerVerdict

const accept: Transition = (attempt) => ({
  kind: 'accept',
  state: { epoch: attempt.epoch, lastSeq: attempt.seq },
})
const duplicate: Transition = (_attempt, state) => ({ kind: 'duplicate', state })
const stale: Transition = (_attempt, state) => ({ kind: 'stale-epoch', currentEpoch: state.epoch })
const gap: Transition = (attempt, state) => ({
  kind: 'gap',
  expectedSeq: state.lastSeq + 1,
  receivedSeq: attempt.seq,
})
const badStart: Transition = (attempt) => ({ kind: 'epoch-start', receivedSeq: attempt.seq })

/**
 * Every situation an attempt can be in, and its verdict; a missing cell does not compile. The rows of `seq` mean:
 * `first` is 0, `next` and `repeated` are relative to the highest accepted number, `ahead` is beyond the next.
 */
const TRANSITIONS: Readonly<Record<EpochRelation, Readonly<Record<SeqRelation, Transition>>>> = {
  'unknown-producer': { first: accept, repeated: gap, next: gap, ahead: gap },
  older: { first: stale, repeated: stale, next: stale, ahead: stale },
  same: { first: duplicate, repeated: duplicate, next: accept, ahead: gap },
  newer: { first: accept, repeated: badStart, next: badStart, ahead: badStart },
}

/** The state of a producer that a stream has never seen: 0 is expected next. */
const UNSEEN: ProducerState = { epoch: -1, lastSeq: -1 }

/** Judges an attempt against what the stream remembers of its producer; null when it remembers nothing. */
export function judgeProducer(attempt: ProducerTuple, known: ProducerState | null): ProducerVerdict {
  const state = known ?? UNSEEN
  return TRANSITIONS[relateEpoch(attempt, known)][relateSeq(attempt, state)](attempt, state)
}

/** Whether two attempts are the same one. */
export function sameTuple(a: ProducerTuple, b: ProducerTuple): boolean {
  return a.id === b.id && a.epoch === b.epoch && a.seq === b.seq
}

function relateEpoch(attempt: ProducerTuple, known: ProducerState | null): EpochRelation {
  if (known === null) return 'unknown-producer'
  if (attempt.epoch === known.epoch) return 'same'
  return attempt.epoch < known.epoch ? 'older' : 'newer'
}

function relateSeq(attempt: ProducerTuple, state: ProducerState): SeqRelation {
  if (attempt.seq === 0) return 'first'
  if (attempt.seq <= state.lastSeq) return 'repeated'
  return attempt.seq === state.lastSeq + 1 ? 'next' : 'ahead'
}
