import type { BrokenStore } from './store-parts.js'
import type { StreamPath } from '@ds/core'
import { dueAt } from '@ds/core'
import { nothing } from './store-parts.js'

export const BROKEN_TIMES: Readonly<Record<string, BrokenStore>> = {
  'makes a version of every touch': {
    replacement: (inner) => ({
      async touch(path, streamId, now) {
        await inner.touch(path, streamId, now)
        const found = await inner.load(path, [])
        if (found === null) return
        const { record, version, commitId } = found
        const change = { commitId, record, bytes: [], entries: new Map(), touchedAt: null, ifTouchedAt: null }
        await inner.commit(path, version, change)
      },
    }),
    caughtBy: ['touch/makes-no-version'],
  },
  'lets a commit forget touches': {
    replacement: (inner) => ({
      touch: nothing,
      commit: (path, expected, change) => inner.commit(path, expected, change),
    }),
    caughtBy: ['touch/later-moment-stands', 'due/follows-every-change', 'reopen/windows-do-not-go-back'],
  },
  'touches whatever is at the path': {
    replacement: (inner) => ({
      async touch(path, _id, now) {
        const found = await inner.load(path, [])
        if (found !== null) await inner.touch(path, found.record.streamId, now)
      },
    }),
    caughtBy: ['touch/knows-its-incarnation'],
  },
  'forgets due streams that were touched': {
    replacement: (inner) => {
      const touched = new Set<StreamPath>()
      return {
        async touch(path, id, now) {
          touched.add(path)
          await inner.touch(path, id, now)
        },
        due: async (now, limit) => (await inner.due(now, limit)).filter((path) => !touched.has(path)),
      }
    },
    caughtBy: ['due/follows-every-change'],
  },
  'always names the same due streams first': {
    replacement: (inner) => ({
      async due(now, limit) {
        const all = new Set<StreamPath>()
        for (let i = 0; i < 20; i++) for (const path of await inner.due(now, 1000)) all.add(path)
        return [...all].sort().slice(0, limit)
      },
    }),
    caughtBy: ['due/none-is-missed-for-ever'],
  },
  'knows of expiry only': {
    replacement: (inner) => ({
      async due(now, limit) {
        const paths: StreamPath[] = []
        for (const path of await inner.due(now, limit)) {
          const found = await inner.load(path, [])
          const record = found === null ? null : { ...found.record, unsettledSince: null, pendingForks: [] }
          if (record !== null && dueAt(record, found!.touchedAt) <= now) paths.push(path)
        }
        return paths
      },
    }),
    caughtBy: ['due/unfinished-work', 'reopen/due-goes-on'],
  },
  'names streams a second early': {
    replacement: (inner) => ({ due: (now, limit) => inner.due(now + 1000, limit) }),
    caughtBy: ['due/expiry'],
  },
}
