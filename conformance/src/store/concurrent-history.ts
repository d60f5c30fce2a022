import type { CommitLogInput, CommitLogOutput, CommitLogState } from './linearizability/commit-log-model.js'
import type { LoadedStream, StreamId, StreamStore } from '@ds/core'
import type { RandomNumbers } from './random-numbers.js'
import type { StoreContext } from './store-context.js'
import { HistoryRecorder, UNKNOWN } from './linearizability/history.js'
import { bytesOf, changeOf, pathOf, recordOf, textOf } from './records.js'
import { checkLinearizable } from './linearizability/check-linearizable.js'
import { commitLogModel } from './linearizability/commit-log-model.js'
import { fail, show } from '../server/assertions.js'

const PATHS: readonly string[] = ['one', 'two']
const ENTRY = 'p:writer'
const CLIENTS = 6
const OPERATIONS = 25

/** Lets concurrent clients load, commit and read, and judges what they saw. */
export async function checkConcurrentUse(
  ctx: StoreContext,
  stores: readonly StreamStore[],
  random: RandomNumbers,
): Promise<void> {
  const recorder = new HistoryRecorder<CommitLogInput, CommitLogOutput>()
  const clients = Array.from(
    { length: CLIENTS },
    (_, i) => new ConcurrentClient(ctx, stores[i % stores.length]!, random, recorder),
  )
  await Promise.all(clients.map((client) => client.run()))
  const verdict = checkLinearizable<CommitLogState, CommitLogInput, CommitLogOutput>(
    recorder.history,
    commitLogModel,
  )
  switch (verdict.kind) {
    case 'linearizable':
      return
    case 'undecided':
      return fail(`no verdict on ${recorder.history.length} operations: too much ${verdict.reason}`)
    case 'violation': {
      const explained = verdict.explained.map(({ input, output }) => `  ${show(input)} -> ${show(output)}`)
      const { input, output } = verdict.stuckAt
      fail(
        `no order explains what concurrent clients saw of ${show(verdict.object)}: ${show(input)} -> ${show(output)}, after\n${explained.slice(-20).join('\n')}`,
      )
    }
  }
}

class ConcurrentClient {
  readonly #ctx: StoreContext
  readonly #store: StreamStore
  readonly #random: RandomNumbers
  readonly #recorder: HistoryRecorder<CommitLogInput, CommitLogOutput>
  readonly #known = new Map<string, LoadedStream | null>()

  constructor(
    ctx: StoreContext,
    store: StreamStore,
    random: RandomNumbers,
    recorder: HistoryRecorder<CommitLogInput, CommitLogOutput>,
  ) {
    this.#ctx = ctx
    this.#store = store
    this.#random = random
    this.#recorder = recorder
  }

  async run(): Promise<void> {
    for (let i = 0; i < OPERATIONS; i++) {
      const path = this.#random.pick(PATHS)
      const known = this.#known.get(path) ?? null
      const choice = this.#random.next()
      // Stores that answer at once would else run one client after the other.
      if (this.#random.chance(0.5)) await Promise.resolve()
      if (choice < 0.4) await this.#load(path)
      else if (choice < 0.55 && known !== null && known.record.tail > 0) await this.#read(path, known)
      else await this.#commit(path, known)
    }
  }

  async #load(path: string): Promise<void> {
    await this.#recorder.record(path, { op: 'load' }, async () => {
      const loaded = await this.#store.load(pathOf(path), [ENTRY])
      this.#known.set(path, loaded)
      if (loaded === null) return { kind: 'absent' }
      const { version, commitId, record, entries } = loaded
      const { streamId, tail } = record
      return { kind: 'loaded', version, commitId, streamId, tail, entry: entries.get(ENTRY) ?? null }
    })
  }

  async #read(path: string, { record }: LoadedStream): Promise<void> {
    const from = this.#random.below(record.tail)
    const input: CommitLogInput = { op: 'read', streamId: record.streamId, from }
    await this.#recorder.record(path, input, async () => {
      const pieces = await this.#store.read(pathOf(path), record.streamId, from, 1 + this.#random.below(40))
      return pieces === null ? { kind: 'absent' } : { kind: 'bytes', bytes: textOf(pieces) }
    })
  }

  async #commit(path: string, known: LoadedStream | null): Promise<void> {
    const isRemoval = known !== null && this.#random.chance(0.1)
    const isNew = known === null || this.#random.chance(0.1)
    const streamId: StreamId = isNew ? this.#ctx.newStreamId() : known.record.streamId
    const before = isNew ? recordOf({ streamId }) : known.record
    const text = isRemoval ? '' : `<${this.#random.below(1_000_000)}>`
    const record = isRemoval ? null : { ...before, tail: before.tail + text.length }
    const entry = isRemoval || this.#random.chance(0.5) ? null : `e${this.#random.below(1_000_000)}`
    const change = changeOf(record, {
      bytes: text === '' ? [] : [bytesOf(text)],
      entries: entry === null ? new Map() : new Map([[ENTRY, entry]]),
      touchedAt: isRemoval ? null : before.createdAt,
    })
    const input: CommitLogInput = {
      op: 'commit',
      expected: known?.version ?? null,
      commitId: change.commitId,
      streamId: isRemoval ? null : streamId,
      bytes: text,
      entry,
    }
    await this.#recorder.record(path, input, async () => {
      const result = await this.#store.commit(pathOf(path), known?.version ?? null, change)
      if (result.kind === 'unknown') return UNKNOWN
      return result.kind === 'committed'
        ? { kind: 'committed', version: result.version }
        : { kind: 'conflict' }
    })
  }
}
