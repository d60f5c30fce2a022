import type { BrokenStore } from './store-parts.js'
import type { CommitResult, StreamPath, StreamStore, Version } from '@ds/core'
import { nothing, turn } from './store-parts.js'

export const BROKEN_WATCHES: Readonly<Record<string, BrokenStore>> = {
  'forgets to wake after a removal': {
    replacement: (inner) =>
      withWatchers((path, wake) => async (expected, change) => {
        const result = await inner.commit(path, expected, change)
        if (result.kind === 'committed' && change.record !== null) wake()
        return result
      }),
    caughtBy: ['watch/wakes-after-every-change'],
  },
  'wakes before the commit': {
    replacement: (inner) =>
      withWatchers((path, wake) => async (expected, change) => {
        wake()
        await turn()
        return inner.commit(path, expected, change)
      }),
    caughtBy: ['watch/load-shows-it-at-once'],
  },
  'wakes only one of those who watch': {
    replacement: (inner) => {
      const latest = new Map<StreamPath, () => void>()
      return {
        watch(path, wake) {
          latest.get(path)?.()
          const end = inner.watch(path, wake)
          latest.set(path, end)
          return end
        },
      }
    },
    caughtBy: ['watch/many-watchers'],
  },
  'takes two watches with one function for one': {
    replacement: (inner) => {
      const ends = new Map<() => void, () => void>()
      return {
        watch(path, wake) {
          if (!ends.has(wake)) ends.set(wake, inner.watch(path, wake))
          return () => {
            ends.get(wake)?.()
            ends.delete(wake)
          }
        },
      }
    },
    caughtBy: ['watch/watches-are-each-their-own'],
  },
  'does not end watches': {
    replacement: (inner) => ({
      watch(path, wake) {
        inner.watch(path, wake)
        return nothing
      },
    }),
    caughtBy: ['watch/ended-watch-is-silent', 'watch/may-be-ended-from-within'],
  },
  'wakes after close': {
    replacement: () => ({ close: nothing }),
    caughtBy: ['close/wakes-nobody'],
  },
  'does not hear of other nodes': {
    replacement: (inner) =>
      withWatchers((path, wake) => async (expected, change) => {
        const result = await inner.commit(path, expected, change)
        if (result.kind === 'committed') wake()
        return result
      }),
    caughtBy: ['nodes/wake-each-other'],
  },
}

/** Wake-ups of a node's own commits, sent as `commit` likes. */
function withWatchers(
  commit: (
    path: StreamPath,
    wake: () => void,
  ) => (expected: Version | null, change: Parameters<StreamStore['commit']>[2]) => Promise<CommitResult>,
): Partial<StreamStore> {
  const watchers = new Map<StreamPath, Set<{ readonly wake: () => void }>>()
  return {
    watch(path, wake) {
      const watcher = { wake }
      const all = watchers.get(path) ?? new Set()
      watchers.set(path, all.add(watcher))
      return () => void all.delete(watcher)
    },
    commit: (path, expected, change) => {
      const wake = (): void => {
        const all = watchers.get(path) ?? new Set()
        for (const watcher of [...all]) if (all.has(watcher)) watcher.wake()
      }
      return commit(path, wake)(expected, change)
    },
    close: () => watchers.clear(),
  }
}
