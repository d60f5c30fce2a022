import type { BrokenStore } from './store-parts.js'
import type { LoadedStream, StreamPath, StreamStore, Version } from '@ds/core'
import { committing, turn } from './store-parts.js'

export const BROKEN_COMMITS: Readonly<Record<string, BrokenStore>> = {
  'loses entries': {
    replacement: committing((change) => ({ ...change, entries: new Map() })),
    caughtBy: ['entries/set-and-removed', 'commit/all-in-one-step', 'random/like-the-model'],
  },
  'never removes entries': {
    replacement: committing((change) => ({
      ...change,
      entries: new Map([...change.entries].filter(([, value]) => value !== null)),
    })),
    caughtBy: ['entries/set-and-removed', 'entries/many'],
  },
  'writes bytes and entries one after the other': {
    replacement: (inner) => ({
      async commit(path, expected, change) {
        const first = await inner.commit(path, expected, { ...change, entries: new Map() })
        if (first.kind !== 'committed' || change.entries.size === 0) return first
        await turn()
        return inner.commit(path, first.version, { ...change, bytes: [], ifTouchedAt: null })
      },
    }),
    caughtBy: ['concurrent/loads-show-whole-commits'],
  },
  'looks at the version first and writes later': {
    replacement: (inner) => ({
      async commit(path, expected, change) {
        const found = await inner.load(path, [])
        if ((found?.version ?? null) !== expected) return { kind: 'conflict' }
        await turn()
        return inner.commit(path, (await inner.load(path, []))?.version ?? null, change)
      },
    }),
    caughtBy: ['concurrent/one-creation-wins', 'concurrent/one-commit-wins', 'concurrent/linearizable'],
  },
  'does not look at the version': {
    replacement: (inner) => ({
      commit: async (path, _expected, change) =>
        inner.commit(path, (await inner.load(path, []))?.version ?? null, change),
    }),
    caughtBy: [
      'commit/wrong-version-conflicts',
      'commit/null-expects-nothing',
      'commit/repeated-change-conflicts',
    ],
  },
  'counts versions anew after a removal': {
    replacement: withVersionsPerStream,
    caughtBy: [
      'commit/versions-never-return',
      'commit/old-version-after-removal-conflicts',
      'reopen/versions-never-return',
    ],
  },
  'moves the window though it answers a conflict': {
    replacement: (inner) => ({
      async commit(path, expected, change) {
        const result = await inner.commit(path, expected, change)
        const found = await inner.load(path, [])
        if (result.kind === 'conflict' && found !== null && change.touchedAt !== null)
          await inner.touch(path, found.record.streamId, change.touchedAt)
        return result
      },
    }),
    caughtBy: ['commit/conflict-changes-nothing'],
  },
  'overlooks ifTouchedAt': {
    replacement: committing((change) => ({ ...change, ifTouchedAt: null })),
    caughtBy: ['touch/if-touched-at', 'touch/races-an-ending', 'nodes/touches-count-everywhere'],
  },
  'keeps the bytes of its caller': {
    replacement: (inner) => {
      const kept = new Map<string, Uint8Array[]>()
      return {
        async commit(path, expected, change) {
          const result = await inner.commit(path, expected, change)
          if (result.kind === 'committed' && change.record !== null && change.bytes.length > 0)
            kept.set(change.record.streamId, [...(kept.get(change.record.streamId) ?? []), ...change.bytes])
          return result
        },
        async read(path, streamId, from, limit) {
          const found = await inner.load(path, [])
          if (found?.record.streamId !== streamId) return null
          const all = Buffer.concat(kept.get(streamId) ?? [])
          return [all.subarray(from - found.record.base, from - found.record.base + limit)]
        },
      }
    },
    caughtBy: ['commit/bytes-may-be-reused'],
  },
  'takes the record for its own': {
    replacement: committing((change) => {
      if (change.record !== null) Object.assign(change.record, { contentType: 'changed' })
      return change
    }),
    caughtBy: ['commit/leaves-its-arguments-alone'],
  },
  'keeps only the fields that it knows': {
    replacement: committing((change) => {
      if (change.record === null) return change
      const { streamId, state, contentType, createdAt, start, base, tail, closed, expiry } = change.record
      const { forkCount, pendingForks, unsettledSince, producerCount, forkDepth } = change.record
      const known = { streamId, state, contentType, createdAt, start, base, tail, closed, expiry }
      const rest = { closedBy: null, lastStreamSeq: null, lineage: [], origin: null }
      const record = { ...known, ...rest, forkCount, pendingForks, unsettledSince, producerCount, forkDepth }
      return { ...change, record }
    }),
    caughtBy: ['load/record-comes-back-whole', 'commit/all-in-one-step'],
  },
  'answers before the commit can be seen': {
    replacement: withLateVisibility,
    caughtBy: ['load/sees-what-was-acknowledged', 'concurrent/linearizable'],
  },
  'appends again when a change is repeated': {
    replacement: (inner) => ({
      commit: (path, expected, change) =>
        inner.commit(path, expected, {
          ...change,
          commitId: `${change.commitId}${Math.random()}`.slice(0, 64),
        }),
    }),
    caughtBy: ['unknown/repeated-creation-happens-once', 'load/commit-ids'],
  },
}

/** Versions 1, 2, 3 ... of each stream, as a field of its own would count them. */
function withVersionsPerStream(inner: StreamStore): Partial<StreamStore> {
  const told = new Map<StreamPath, { readonly version: Version; readonly count: number }>()
  return {
    async load(path, keys) {
      const loaded = await inner.load(path, keys)
      return loaded === null ? null : { ...loaded, version: told.get(path)?.count ?? loaded.version }
    },
    async commit(path, expected, change) {
      const known = told.get(path)
      const wanted = known?.count === expected ? known.version : expected
      const result = await inner.commit(
        path,
        known === undefined || expected === known.count ? wanted : -1,
        change,
      )
      if (result.kind !== 'committed') return result
      const count = (known?.count ?? 0) + 1
      if (change.record === null) told.delete(path)
      else told.set(path, { version: result.version, count })
      return { kind: 'committed', version: count }
    },
  }
}

/** For a turn after a commit, loads still show what was before it. */
function withLateVisibility(inner: StreamStore): Partial<StreamStore> {
  const late = new Map<StreamPath, LoadedStream | null>()
  return {
    load: (path, keys) => (late.has(path) ? late.get(path)! : inner.load(path, keys)),
    async commit(path, expected, change) {
      const before = await inner.load(path, [...change.entries.keys()])
      const result = await inner.commit(path, expected, change)
      if (result.kind !== 'committed') return result
      late.set(path, before)
      setImmediate(() => late.delete(path))
      return result
    },
  }
}
