import type { ForkContext, ForkMaker } from './fork-maker.js'
import type { StreamFault } from './environment.js'
import type { StreamPath } from '../protocol/branded.js'
import { ATTENTION_AFTER_MS, decideCollect } from '../decide/delete.js'
import { asFault } from './commit-queue.js'

/** How many due streams one round looks at before other work gets its turn. */
const ROUND = 256

/** Looks after streams that nobody asks for: it ends expired ones and finishes what a crash left half done. */
export class Sweeper {
  readonly #context: ForkContext
  readonly #forks: ForkMaker
  readonly #onFault: (fault: StreamFault) => void
  #cancel: (() => void) | null = null
  #isStopped = false

  constructor(context: ForkContext, forks: ForkMaker, onFault: (fault: StreamFault) => void) {
    this.#context = context
    this.#forks = forks
    this.#onFault = onFault
  }

  start(): void {
    const { environment, limits } = this.#context
    if (limits.sweepIntervalMs === 0 || this.#isStopped) return
    this.#cancel = environment.schedule(limits.sweepIntervalMs, () => {
      void this.sweep().then(() => this.start())
    })
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel?.()
  }

  /** One round over the streams that are due now. */
  async sweep(): Promise<void> {
    const { store, environment } = this.#context
    try {
      for (;;) {
        const paths = await store.due(environment.now(), ROUND)
        for (const path of paths) {
          if (this.#isStopped) return
          await this.collect(path)
        }
        if (paths.length < ROUND) return
        await new Promise<void>((resolve) => environment.defer(resolve))
      }
    } catch (error) {
      this.#onFault(asFault(error))
    }
  }

  /** Does for one stream what is due: settles forks that were begun, ends it if it is over, removes its remains. */
  async collect(path: StreamPath): Promise<void> {
    const { store, queue, environment } = this.#context
    const loaded = await store.load(path, [])
    if (loaded === null) return
    for (const pending of loaded.record.pendingForks) {
      if (pending.since + ATTENTION_AFTER_MS > environment.now()) continue
      await this.#forks.reconcile(path, loaded.record.streamId, pending)
    }
    const outcome = await queue.submit(path, { entryKeys: [], byteLength: 0, decide: decideCollect })
    if (outcome.kind === 'release') await this.#forks.release(path, outcome.streamId, outcome.origin)
  }
}
