import type { CommitResult, StreamChange, StreamPath, StreamStore, Version } from '@ds/core'
import type { StoreBinding } from '../../src/index.js'
import { MemoryStore } from '@ds/store-memory'

/** Methods that take the place of a store's own. */
export type Replacement = (inner: StreamStore) => Partial<StreamStore>

/** A mistake that an author of a store might make, and the cases that have to find it. */
export interface BrokenStore {
  readonly replacement: Replacement
  readonly caughtBy: readonly string[]
}

export const turn = (): Promise<void> => new Promise(setImmediate)
export const nothing = (): void => undefined

/** A store with some methods replaced. */
export function replaced(inner: StreamStore, replacement: Replacement): StreamStore {
  const whole: StreamStore = {
    capabilities: inner.capabilities,
    load: (path, keys) => inner.load(path, keys),
    commit: (path, expected, change) => inner.commit(path, expected, change),
    read: (path, streamId, from, limit) => inner.read(path, streamId, from, limit),
    watch: (path, wake) => inner.watch(path, wake),
    touch: (path, streamId, now) => inner.touch(path, streamId, now),
    list: (prefix, after, limit) => inner.list(prefix, after, limit),
    due: (now, limit) => inner.due(now, limit),
    close: () => inner.close(),
  }
  return { ...whole, ...replacement(inner) }
}

/** The binding of a store that keeps its data in this process, for any number of nodes, and loses answers. */
export function fullBinding(replacement: Replacement = () => ({})): StoreBinding {
  const data = new MemoryStore()
  const remembered = new Map<string, CommitResult>()
  let losesNext = false
  const open = (): StreamStore =>
    replaced(
      replaced(data, (inner) => ({
        ...silentAfterClose(inner),
        capabilities: { name: 'shared', durability: 'process', multiNode: true },
        async commit(path, expected, change) {
          const key = `${path} ${change.commitId}`
          if (remembered.has(key)) return { kind: 'conflict' }
          const result = await inner.commit(path, expected, change)
          if (!losesNext || result.kind !== 'committed') return result
          losesNext = false
          remembered.set(key, result)
          return { kind: 'unknown', cause: new Error('the answer is lost') }
        },
      })),
      replacement,
    )
  return {
    store: open(),
    reopen: open,
    secondNode: open,
    loseNextAnswer: () => void (losesNext = true),
    openSmall: (maxBytes) => replaced(new MemoryStore({ maxBytes }), replacement),
  }
}

/** Each node has watches of its own, which end with it; the data stays. */
function silentAfterClose(inner: StreamStore): Pick<StreamStore, 'watch' | 'close'> {
  const ends = new Set<() => void>()
  return {
    watch(path, wake) {
      const end = inner.watch(path, wake)
      ends.add(end)
      return () => {
        ends.delete(end)
        end()
      }
    },
    close() {
      for (const end of ends) end()
    },
  }
}

/** Commits with a change that was made worse. */
export function committing(
  worsen: (change: StreamChange, path: StreamPath, expected: Version | null) => StreamChange,
): Replacement {
  return (inner) => ({
    commit: (path, expected, change) => inner.commit(path, expected, worsen(change, path, expected)),
  })
}
