import type { CommitLogInput, CommitLogOutput } from '../../src/store/linearizability/commit-log-model.js'
import type { History, Operation } from '../../src/store/linearizability/history.js'
import type { RandomNumbers } from '../../src/store/random-numbers.js'
import { UNKNOWN } from '../../src/store/linearizability/history.js'
import { simulateClients, type ClientOptions, type Simulated } from './simulate-clients.js'

type Commits = History<CommitLogInput, CommitLogOutput>
type CommitOperation = Operation<CommitLogInput, CommitLogOutput>
type Commit = Extract<CommitLogInput, { op: 'commit' }>
type Loaded = Extract<CommitLogOutput, { kind: 'loaded' }>

/** A correct path of a store, and clients that load it, commit on what they know, and read. */
export function makeCommitHistory(random: RandomNumbers, options: ClientOptions): Commits {
  return simulateClients(new SimulatedPath(random), random, options)
}

class SimulatedPath implements Simulated<CommitLogInput, CommitLogOutput> {
  readonly #random: RandomNumbers
  readonly #known: (Loaded | null)[] = []
  #stream: (Loaded & { readonly content: string }) | null = null
  #numbers = 0

  constructor(random: RandomNumbers) {
    this.#random = random
  }

  next(client: number, isLast: boolean): CommitLogInput {
    const known = this.#known[client] ?? null
    if (isLast || this.#random.chance(0.4)) return { op: 'load' }
    if (known !== null && known.tail > 0 && this.#random.chance(0.3)) {
      return { op: 'read', streamId: known.streamId, from: this.#random.below(known.tail) }
    }
    const number = ++this.#numbers
    const streamId =
      known === null || this.#random.chance(0.1)
        ? `s${number}`
        : this.#random.chance(0.1)
          ? null
          : known.streamId
    return {
      op: 'commit',
      expected: known?.version ?? null,
      commitId: `c${number}`,
      streamId,
      bytes: streamId === null ? '' : `<${number}>`,
      entry: streamId === null || this.#random.chance(0.5) ? null : `e${number}`,
    }
  }

  perform(input: CommitLogInput): CommitLogOutput {
    const stream = this.#stream
    switch (input.op) {
      case 'load':
        return stream ?? { kind: 'absent' }
      case 'read':
        return stream?.streamId === input.streamId
          ? { kind: 'bytes', bytes: stream.content.slice(input.from, input.from + 1 + this.#random.below(9)) }
          : { kind: 'absent' }
      case 'commit':
        return this.#commit(input)
    }
  }

  #commit({ expected, commitId, streamId, bytes, entry }: Commit): CommitLogOutput {
    if ((this.#stream?.version ?? null) !== expected) return { kind: 'conflict' }
    const version = `v${++this.#numbers}`
    const before = this.#stream?.streamId === streamId ? this.#stream : null
    const content = (before?.content ?? '') + bytes
    const newEntry = entry ?? before?.entry ?? null
    this.#stream =
      streamId === null
        ? null
        : { kind: 'loaded', version, commitId, streamId, content, tail: content.length, entry: newEntry }
    return { kind: 'committed', version }
  }

  answered(client: number, _input: CommitLogInput, output: CommitLogOutput): void {
    if (output.kind === 'loaded') this.#known[client] = output
    if (output.kind === 'absent') this.#known[client] = null
  }
}

/** Each makes a history that nothing can explain, or null where it does not apply. */
export const COMMIT_MUTATIONS: Readonly<
  Record<string, (commits: Commits, random: RandomNumbers) => Commits | null>
> = {
  'two commits win on one version': (commits, random) =>
    replace(
      commits,
      random,
      commits.filter((one) => isConflict(one) && hasWinner(commits, one)),
      () => ({ kind: 'committed', version: 'another' }),
    ),
  'a commit that nobody forestalled conflicts': (commits, random) =>
    replace(commits, random, seen(commits), () => ({ kind: 'conflict' })),
  'a load shows what was replaced before it began': (commits, random) => staleLoad(commits, random),
  'a load shows an entry that nobody has set': (commits, random) =>
    replace(commits, random, commits.filter(isLoaded), (output) => ({
      ...(output as Loaded),
      entry: 'nobody',
    })),
  'a load shows a record without its bytes': (commits, random) =>
    replace(commits, random, commits.filter(isLoaded), (output) => ({
      ...(output as Loaded),
      tail: (output as Loaded).tail - 1,
    })),
  'a read shows bytes of something else': (commits, random) =>
    replace(
      commits,
      random,
      commits.filter(({ output }) => output !== UNKNOWN && output.kind === 'bytes'),
      (output) => ({ kind: 'bytes', bytes: `${(output as { bytes: string }).bytes.slice(0, -1)}?` }),
    ),
}

function isConflict({ output }: CommitOperation): boolean {
  return output !== UNKNOWN && output.kind === 'conflict'
}

function isLoaded({ output }: CommitOperation): boolean {
  return output !== UNKNOWN && output.kind === 'loaded'
}

function isCommitted({ output }: CommitOperation): boolean {
  return output !== UNKNOWN && output.kind === 'committed'
}

function hasWinner(commits: Commits, { input }: CommitOperation): boolean {
  const { expected } = input as Commit
  return (
    expected !== null &&
    commits.some((other) => isCommitted(other) && (other.input as Commit).expected === expected)
  )
}

/** Commits that some load has shown. */
function seen(commits: Commits): CommitOperation[] {
  const ids = new Set(commits.filter(isLoaded).map(({ output }) => (output as Loaded).commitId))
  return commits.filter((one) => isCommitted(one) && ids.has((one.input as Commit).commitId))
}

function staleLoad(commits: Commits, random: RandomNumbers): Commits | null {
  const found = commits.flatMap((load) => {
    if (load.input.op !== 'load' || load.output === UNKNOWN) return []
    return commits
      .filter((one) => isLoaded(one) && isReplacedBefore(commits, one.output as Loaded, load.calledAt))
      .map(({ output }) => [load, output as Loaded] as const)
  })
  if (found.length === 0) return null
  const [load, output] = random.pick(found)
  return commits.map((one) => (one === load ? { ...one, output } : one))
}

function isReplacedBefore(commits: Commits, { version }: Loaded, moment: number): boolean {
  return commits.some(
    (one) => isCommitted(one) && one.returnedAt < moment && (one.input as Commit).expected === version,
  )
}

function replace(
  commits: Commits,
  random: RandomNumbers,
  candidates: readonly CommitOperation[],
  to: (output: CommitLogOutput) => CommitLogOutput,
): Commits | null {
  if (candidates.length === 0) return null
  const chosen = random.pick(candidates)
  const output = to(chosen.output as CommitLogOutput)
  return commits.map((one) => (one === chosen ? { ...one, output } : one))
}
