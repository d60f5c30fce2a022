import type { Version } from '@ds/core'
import type { SequentialModel } from './check-linearizable.js'
import type { TextDigest } from './digest.js'
import { EMPTY_DIGEST, extendDigest, formatDigest } from './digest.js'
import { UNKNOWN } from './history.js'

/** What is asked of a store, as far as the order of calls matters. Bytes are given as `latin1`. */
export type CommitLogInput =
  | {
      readonly op: 'commit'
      readonly expected: Version | null
      readonly commitId: string
      /** The incarnation after the commit; null removes the stream. */
      readonly streamId: string | null
      readonly bytes: string
      /** Set on the one entry that the history looks at; null leaves it. */
      readonly entry: string | null
    }
  | { readonly op: 'load' }
  /** From a position at which the incarnation had bytes. */
  | { readonly op: 'read'; readonly streamId: string; readonly from: number }

export type CommitLogOutput =
  | { readonly kind: 'committed'; readonly version: Version }
  | { readonly kind: 'conflict' }
  /** No stream, or not the incarnation that was asked for. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'loaded'
      readonly version: Version
      readonly commitId: string
      readonly streamId: string
      readonly tail: number
      readonly entry: string | null
    }
  | { readonly kind: 'bytes'; readonly bytes: string }

/** A stream that exists. */
interface CommittedStream {
  /** Null as long as nobody was told it, after a commit of unknown outcome. */
  readonly version: Version | null
  readonly commitId: string
  readonly streamId: string
  readonly content: string
  readonly digest: TextDigest
  readonly entry: string | null
}

/** What a path holds. */
export interface CommitLogState {
  readonly stream: CommittedStream | null
}

const ABSENT: CommitLogState = { stream: null }

/** A path as the store contract promises it: it changes by compare-and-commit, all of it in one step. */
export const commitLogModel: SequentialModel<CommitLogState, CommitLogInput, CommitLogOutput> = {
  initial: () => ABSENT,
  step(state, input, output) {
    switch (input.op) {
      case 'commit':
        return stepCommit(state, input, output)
      case 'load':
        return output === UNKNOWN ? null : stepLoad(state, output)
      case 'read':
        return output !== UNKNOWN && fitsRead(state, input, output) ? state : null
    }
  },
  keyOf({ stream }) {
    if (stream === null) return 'absent'
    const { version, commitId, content, digest, entry } = stream
    return `${commitId}:${typeof version}${version}:${content.length}:${formatDigest(digest)}:${entry}`
  },
}

function stepCommit(
  state: CommitLogState,
  input: Extract<CommitLogInput, { op: 'commit' }>,
  output: CommitLogOutput | typeof UNKNOWN,
): CommitLogState | null {
  const { stream } = state
  // A version that nobody was told is nobody's expectation, and null is the expectation of nothing.
  const isExpected =
    (stream === null) === (input.expected === null) && (stream?.version ?? null) === input.expected
  if (output !== UNKNOWN && output.kind === 'conflict') return isExpected ? null : state
  if (!isExpected || (output !== UNKNOWN && output.kind !== 'committed')) return null
  if (input.streamId === null) return ABSENT
  const before = stream?.streamId === input.streamId ? stream : null
  return {
    stream: {
      version: output === UNKNOWN ? null : output.version,
      commitId: input.commitId,
      streamId: input.streamId,
      content: (before?.content ?? '') + input.bytes,
      digest: extendDigest(before?.digest ?? EMPTY_DIGEST, input.bytes),
      entry: input.entry ?? before?.entry ?? null,
    },
  }
}

/** A load tells the version of a commit whose own answer was lost. */
function stepLoad(state: CommitLogState, output: CommitLogOutput): CommitLogState | null {
  const { stream } = state
  if (stream === null) return output.kind === 'absent' ? state : null
  const fits =
    output.kind === 'loaded' &&
    output.commitId === stream.commitId &&
    output.streamId === stream.streamId &&
    output.tail === stream.content.length &&
    output.entry === stream.entry &&
    (stream.version === null || stream.version === output.version)
  if (!fits) return null
  return stream.version === null ? { stream: { ...stream, version: output.version } } : state
}

function fitsRead(
  { stream }: CommitLogState,
  { streamId, from }: Extract<CommitLogInput, { op: 'read' }>,
  output: CommitLogOutput,
): boolean {
  if (stream?.streamId !== streamId) return output.kind === 'absent'
  return output.kind === 'bytes' && output.bytes !== '' && stream.content.startsWith(output.bytes, from)
}
