import type {
  CommitResult,
  LoadedStream,
  StoreCapabilities,
  StreamChange,
  StreamStore,
  Version,
} from '../src/store/contract.js'
import type { StreamId, StreamPath } from '../src/protocol/branded.js'
import { comparePaths } from '../src/protocol/stream-path.js'
import { TestDisk } from './test-disk.js'

/** Decides when a step of a store's operation happens: at once, or when a test says so. */
export type Pace = (what: string, step: () => void) => void

/**
 * What may go wrong with one commit: it is thrown, it is unknown although it happened, did not happen, or happens
 * later, or the path was changed by somebody else.
 */
export type CommitFault =
  | { readonly kind: 'throw'; readonly error: unknown }
  | { readonly kind: 'unknown-committed' }
  | { readonly kind: 'unknown-not-committed' }
  | { readonly kind: 'unknown-committed-later' }
  | { readonly kind: 'conflict' }

/** A store over a {@link TestDisk} that is as slow and as unreliable as a test wants it. */
export class TestStore implements StreamStore {
  capabilities: StoreCapabilities = { name: 'test', durability: 'process', multiNode: false }
  readonly disk: TestDisk
  pace: Pace = (_what, step) => step()
  /** Asked before each commit; null lets it through. */
  commitFault: (path: StreamPath, change: StreamChange) => CommitFault | null = () => null
  /** Called at the beginning of every other operation; what it throws is thrown. */
  before: (operation: 'load' | 'read' | 'touch' | 'due' | 'watch', path: string) => void = () => undefined
  /** Called after a commit has happened and before it is answered. */
  afterCommit: (path: StreamPath) => void = () => undefined
  commits = 0
  loads = 0
  #isDead = false

  constructor(disk: TestDisk = new TestDisk()) {
    this.disk = disk
  }

  /** From now on nothing happens and nothing is answered: the process is gone. */
  die(): void {
    this.#isDead = true
  }

  load(path: StreamPath, entryKeys: readonly string[]): Promise<LoadedStream | null> {
    this.loads++
    return this.#answer(`load ${path}`, () => {
      this.before('load', path)
      return this.disk.load(path, entryKeys)
    })
  }

  commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    return this.#answer(`commit ${path}`, () => {
      this.commits++
      const fault = this.commitFault(path, change)
      return fault === null ? this.#commit(path, expected, change) : this.#fail(fault, path, expected, change)
    })
  }

  read(
    path: StreamPath,
    streamId: StreamId,
    from: number,
    limitBytes: number,
  ): Promise<readonly Uint8Array[] | null> {
    return this.#answer(`read ${streamId}`, () => {
      this.before('read', streamId)
      return this.disk.read(path, streamId, from, limitBytes)
    })
  }

  watch(path: StreamPath, wake: () => void): () => void {
    this.before('watch', path)
    const watchers = this.disk.watchers.get(path) ?? new Set()
    this.disk.watchers.set(path, watchers)
    const woken = (): void => {
      if (!this.#isDead) wake()
    }
    watchers.add(woken)
    return () => watchers.delete(woken)
  }

  touch(path: StreamPath, streamId: StreamId, now: number): Promise<void> {
    return this.#answer(`touch ${path}`, () => {
      this.before('touch', path)
      this.disk.touch(path, streamId, now)
    })
  }

  list(prefix: string, after: string, limit: number): readonly StreamPath[] {
    const paths = [...this.disk.streams.keys()].filter(
      (path) => path.startsWith(prefix) && comparePaths(path, after) > 0,
    )
    return paths.sort(comparePaths).slice(0, limit)
  }

  due(now: number, limit: number): Promise<readonly StreamPath[]> {
    return this.#answer('due', () => {
      this.before('due', '')
      return this.disk.due(now, limit)
    })
  }

  close(): void {
    this.die()
  }

  #commit(path: StreamPath, expected: Version | null, change: StreamChange): CommitResult {
    const result = this.disk.commit(path, expected, change)
    if (result.kind === 'committed') {
      this.pace(`wake ${path}`, () => this.disk.wake(path))
      this.afterCommit(path)
    }
    return result
  }

  #fail(fault: CommitFault, path: StreamPath, expected: Version | null, change: StreamChange): CommitResult {
    switch (fault.kind) {
      case 'throw':
        throw fault.error
      case 'conflict':
        return { kind: 'conflict' }
      case 'unknown-committed':
        this.#commit(path, expected, change)
        return { kind: 'unknown', cause: new Error('the answer was lost') }
      case 'unknown-not-committed':
        return { kind: 'unknown', cause: new Error('the request was lost') }
      case 'unknown-committed-later':
        this.pace(`late commit ${path}`, () => this.#commit(path, expected, change))
        return { kind: 'unknown', cause: new Error('the answer is late') }
    }
  }

  /** Does the work at one moment and answers at another, both chosen by the pace. */
  #answer<T>(what: string, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.pace(what, () => {
        if (this.#isDead) return
        let settle: () => void
        try {
          const value = work()
          settle = () => resolve(value)
        } catch (error) {
          settle = () => reject(error instanceof Error ? error : new Error('thrown', { cause: error }))
        }
        this.pace(`answer ${what}`, () => {
          if (!this.#isDead) settle()
        })
      })
    })
  }
}
