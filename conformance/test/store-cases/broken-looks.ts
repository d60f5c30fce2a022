import type { BrokenStore, Replacement } from './store-parts.js'
import type { LoadedStream, StreamPath } from '@ds/core'

export const BROKEN_LOOKS: Readonly<Record<string, BrokenStore>> = {
  'keeps what it loaded for a while': {
    replacement: (inner) => {
      const cache = new Map<StreamPath, { loaded: LoadedStream | null; left: number }>()
      return {
        async load(path, keys) {
          const cached = cache.get(path)
          if (keys.length === 0 && cached !== undefined && cached.left-- > 0) return cached.loaded
          const loaded = await inner.load(path, keys)
          cache.set(path, { loaded, left: 1 })
          return loaded
        },
      }
    },
    caughtBy: ['load/sees-what-was-acknowledged'],
  },
  'folds the case of paths': {
    replacement: withPaths((path) => path.toLowerCase()),
    caughtBy: ['load/paths-are-apart'],
  },
  'normalises Unicode': {
    replacement: withPaths((path) => path.normalize('NFC')),
    caughtBy: ['load/paths-are-apart'],
  },
  'cuts long paths': {
    replacement: withPaths((path) => path.slice(0, 1000)),
    caughtBy: ['load/long-paths', 'list/long-paths'],
  },
  'reads more than it was asked for': {
    replacement: (inner) => ({ read: (path, id, from, limit) => inner.read(path, id, from, limit + 7) }),
    caughtBy: ['read/every-range', 'random/like-the-model'],
  },
  'reads into one buffer': {
    replacement: (inner) => {
      const buffer = Buffer.alloc(64 << 20)
      return {
        async read(path, id, from, limit) {
          const pieces = await inner.read(path, id, from, limit)
          if (pieces === null) return null
          const page = Buffer.concat([...pieces])
          page.copy(buffer)
          return [buffer.subarray(0, page.length)]
        },
      }
    },
    caughtBy: ['read/does-not-change-afterwards', 'read/million-messages'],
  },
  'reads whatever is at the path': {
    replacement: (inner) => ({
      async read(path, _id, from, limit) {
        const found = await inner.load(path, [])
        return found === null ? null : inner.read(path, found.record.streamId, from, limit)
      },
    }),
    caughtBy: ['incarnations/replaced-in-one-step', 'incarnations/not-read-in-place-of-another'],
  },
  'reads one byte further on': {
    replacement: (inner) => ({
      read: (path, id, from, limit) => inner.read(path, id, from > 1000 ? from + 1 : from, limit),
    }),
    caughtBy: ['commit/large', 'commit/bytes-follow-the-base'],
  },
  'lists in the order of JavaScript': {
    replacement: (inner) => ({
      list: async (prefix, after, limit) => (await inner.list(prefix, after, limit)).toSorted(),
    }),
    caughtBy: ['list/order'],
  },
  'takes a prefix for a folder': {
    replacement: (inner) => ({
      list: async (prefix, after, limit) =>
        (await inner.list(prefix, after, limit)).filter(
          (path) =>
            prefix === '' || path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`),
        ),
    }),
    caughtBy: ['list/prefix'],
  },
  'lists what it was to begin after': {
    replacement: (inner) => ({
      list: async (prefix, after, limit) =>
        (await inner.list(prefix, '', 100_000)).filter((path) => path >= after).slice(0, limit),
    }),
    caughtBy: ['list/after', 'list/pages'],
  },
}

function withPaths(to: (path: string) => string): Replacement {
  const map = (path: StreamPath): StreamPath => to(path) as StreamPath
  return (inner) => ({
    load: (path, keys) => inner.load(map(path), keys),
    commit: (path, expected, change) => inner.commit(map(path), expected, change),
    read: (path, id, from, limit) => inner.read(map(path), id, from, limit),
    touch: (path, id, now) => inner.touch(map(path), id, now),
    watch: (path, wake) => inner.watch(map(path), wake),
  })
}
