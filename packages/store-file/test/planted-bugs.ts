import type { File, FileSystem } from '../src/file-system.js'
import type { Planted } from './simulate-store.js'
import type { StreamStore } from '@ds/core'

/** Bugs that stores of this kind have had, each planted between the store and what it stands on. */
export const PLANTED_BUGS: Readonly<Record<string, Planted>> = {
  'answers before the disk has the commit': {
    fileSystem: (disk) => withSyncs(disk, () => Promise.resolve()),
  },
  'overlooks that a sync failed': {
    fileSystem: (disk) => withSyncs(disk, (file) => file.sync().catch(() => undefined)),
  },
  'never syncs a directory': {
    fileSystem: (disk) => changed(disk, { syncDirectory: () => Promise.resolve() }),
  },
  'cuts off more than the torn tail': {
    fileSystem: (disk) =>
      withFiles(disk, (file) => ({ ...file, truncate: (size) => file.truncate(Math.max(4096, size - 300)) })),
  },
  'does not cut off the torn tail': {
    fileSystem: (disk) => withFiles(disk, (file) => ({ ...file, truncate: () => Promise.resolve() })),
  },
  'keeps entries in a commit of their own': { store: withSeparateEntries },
  'replaces files without renaming': {
    fileSystem: (disk) => changed(disk, { rename: (from, to) => copyOver(disk, from, to) }),
  },
}

function changed(disk: FileSystem, changes: Partial<FileSystem>): FileSystem {
  return {
    open: (path, mode, isThrough) => disk.open(path, mode, isThrough),
    makeDirectory: (path) => disk.makeDirectory(path),
    list: (path) => disk.list(path),
    rename: (from, to) => disk.rename(from, to),
    remove: (path) => disk.remove(path),
    syncDirectory: (path) => disk.syncDirectory(path),
    lock: () => disk.lock(),
    ...changes,
  }
}

/** A file system whose files are changed when they are opened. */
export function withFiles(disk: FileSystem, change: (file: File, path: string) => File): FileSystem {
  return changed(disk, {
    open: async (path, mode, isThrough) => change(await disk.open(path, mode, isThrough), path),
  })
}

function withSyncs(disk: FileSystem, sync: (file: File) => Promise<void>): FileSystem {
  return changed(disk, {
    open: async (path, mode) => {
      const file = await disk.open(path, mode)
      return { ...file, sync: () => sync(file) }
    },
  })
}

/** As if the bytes and the producers' state were written one after the other. */
function withSeparateEntries(store: StreamStore): StreamStore {
  return {
    capabilities: store.capabilities,
    load: (path, keys) => store.load(path, keys),
    read: (path, streamId, from, limit) => store.read(path, streamId, from, limit),
    watch: (path, wake) => store.watch(path, wake),
    touch: (path, streamId, now) => store.touch(path, streamId, now),
    list: (prefix, after, limit) => store.list(prefix, after, limit),
    due: (now, limit) => store.due(now, limit),
    close: () => store.close(),
    commit: async (path, expected, change) => {
      const first = await store.commit(path, expected, { ...change, entries: new Map() })
      if (first.kind !== 'committed' || change.entries.size === 0) return first
      return store.commit(path, first.version, { ...change, bytes: [], ifTouchedAt: null })
    },
  }
}

async function copyOver(disk: FileSystem, from: string, to: string): Promise<void> {
  const source = await disk.open(from, 'read')
  const bytes = new Uint8Array(await source.size())
  await source.read(bytes, 0)
  await source.close()
  const target = await disk.open(to, 'create')
  await target.write(bytes, 0)
  await target.sync()
  await target.close()
}
