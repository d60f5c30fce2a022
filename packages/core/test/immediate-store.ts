import type {
  CommitResult,
  MaybePromise,
  StoreCapabilities,
  StreamChange,
  StreamStore,
  Version,
} from '../src/store/contract.js'
import type { StreamPath } from '../src/protocol/branded.js'
import { TestDisk } from './test-disk.js'
import { TestStore } from './test-store.js'

/** A store over a {@link TestDisk} whose `load`, `commit` and `touch` have done their work when they return. */
export class ImmediateStore implements StreamStore {
  readonly capabilities: StoreCapabilities = {
    name: 'immediate',
    durability: 'volatile',
    multiNode: false,
    immediate: true,
  }
  readonly #disk: TestDisk
  readonly #others: TestStore
  #commits = 0

  constructor(disk: TestDisk = new TestDisk()) {
    this.#disk = disk
    this.#others = new TestStore(disk)
  }

  load: StreamStore['load'] = (path, entryKeys) => this.#disk.load(path, entryKeys)
  touch: StreamStore['touch'] = (path, streamId, now) => this.#disk.touch(path, streamId, now)
  read: StreamStore['read'] = (...asked) => this.#others.read(...asked)
  watch: StreamStore['watch'] = (...asked) => this.#others.watch(...asked)
  list: StreamStore['list'] = (...asked) => this.#others.list(...asked)
  due: StreamStore['due'] = (...asked) => this.#others.due(...asked)
  close: StreamStore['close'] = () => this.#others.close()

  commit(path: StreamPath, expected: Version | null, change: StreamChange): MaybePromise<CommitResult> {
    // The disk knows commits by their ids, of which the engine here has only one.
    const result = this.#disk.commit(path, expected, { ...change, commitId: `c${++this.#commits}` })
    if (result.kind === 'committed') this.#disk.wake(path)
    return result
  }
}
