import type { LoadedStream, StreamPath, StreamStore } from '@ds/core'
import type { Planted } from './workload.js'
import { APPEND_SCRIPT } from '../src/scripts/append.js'
import { COMMIT_SCRIPT } from '../src/scripts/commit.js'
import { Redis } from 'ioredis'
import { createHash } from 'node:crypto'

/** Bugs that stores of this kind have had; each is planted between two parts. */
export const PLANTED_BUGS: Readonly<Record<string, Planted>> = {
  'does not compare versions': inScripts(
    "(old[1] or '') ~= ARGV[2]",
    'false',
    "redis.call('STRLEN', KEYS[5 + i]) ~= tonumber(ARGV[FIRST_APPEND - 3 + 3 * i])",
    'false',
  ),
  'says that every append is where it was decided to be': { store: withBelievedTails },
  'sends commands again whose answer was lost': {
    connect: (options) =>
      new Redis({
        ...options,
        replyMapping: 'legacy',
        autoResendUnfulfilledCommands: true,
        maxRetriesPerRequest: null,
      }),
  },
  'keeps entries in a commit of their own': { store: withSeparateEntries },
  'takes an answer that was lost for a failure': { store: withLostAnswersAsFailures },
  'takes an answer that was lost for success': { store: withLostAnswersAsSuccess },
  'answers from its own memory': { store: withMemory },
}

/** Changes the scripts for commits on their way to Redis: each text is replaced by the one after it. */
function inScripts(...texts: readonly string[]): Planted {
  const mutated = new Map<unknown, string>()
  for (const script of [COMMIT_SCRIPT, APPEND_SCRIPT]) {
    let changed = script
    for (let i = 0; i < texts.length; i += 2) changed = changed.replace(texts[i]!, texts[i + 1]!)
    mutated.set(script, changed)
    mutated.set(shaOf(script), shaOf(changed))
  }
  for (let i = 0; i < texts.length; i += 2) {
    if (!COMMIT_SCRIPT.includes(texts[i]!) && !APPEND_SCRIPT.includes(texts[i]!))
      throw new Error(`the scripts have no '${texts[i]!}'`)
  }
  return {
    connect: (options) => {
      const redis = new Redis({ ...options, replyMapping: 'legacy' })
      const send = redis.sendCommand.bind(redis)
      redis.sendCommand = (command, stream) => {
        command.args = command.args.map((arg) => mutated.get(arg) ?? arg)
        return send(command, stream)
      }
      return redis
    },
  }
}

function shaOf(source: string): string {
  return createHash('sha1').update(source).digest('hex')
}

function changed(store: StreamStore, changes: Partial<StreamStore>): StreamStore {
  return {
    capabilities: store.capabilities,
    load: (path, keys) => store.load(path, keys),
    commit: (path, expected, change) => store.commit(path, expected, change),
    read: (path, streamId, from, limit) => store.read(path, streamId, from, limit),
    watch: (path, wake) => store.watch(path, wake),
    touch: (path, streamId, now) => store.touch(path, streamId, now),
    list: (prefix, after, limit) => store.list(prefix, after, limit),
    due: (now, limit) => store.due(now, limit),
    close: () => store.close(),
    ...changes,
  }
}

function withBelievedTails(store: StreamStore): StreamStore {
  return changed(store, {
    recall: (path, keys) => store.recall?.(path, keys),
    commit: async (path, expected, change) => {
      const result = await store.commit(path, expected, change)
      return result.kind === 'committed' ? { kind: 'committed', version: result.version } : result
    },
  })
}

function withSeparateEntries(store: StreamStore): StreamStore {
  return changed(store, {
    commit: async (path, expected, change) => {
      const first = await store.commit(path, expected, { ...change, entries: new Map(), commutes: false })
      if (first.kind !== 'committed' || change.entries.size === 0) return first
      const rest = { bytes: [], ifTouchedAt: null, commutes: false }
      const second = { ...change, commitId: `${change.commitId}e`, ...rest }
      return store.commit(path, first.version, second)
    },
  })
}

function withLostAnswersAsFailures(store: StreamStore): StreamStore {
  return changed(store, {
    commit: async (path, expected, change) => {
      const result = await store.commit(path, expected, change)
      return result.kind === 'unknown' ? { kind: 'conflict' } : result
    },
  })
}

function withLostAnswersAsSuccess(store: StreamStore): StreamStore {
  return changed(store, {
    commit: async (path, expected, change) => {
      const result = await store.commit(path, expected, change)
      return result.kind === 'unknown' ? { kind: 'committed', version: 'lost' } : result
    },
  })
}

/** As if what was loaded once were true for a while. */
function withMemory(store: StreamStore): StreamStore {
  const memory = new Map<StreamPath, { readonly loaded: LoadedStream | null; readonly until: number }>()
  return changed(store, {
    load: async (path, keys) => {
      const known = memory.get(path)
      if (keys.length === 0 && known !== undefined && known.until > Date.now()) return known.loaded
      const loaded = await store.load(path, keys)
      memory.set(path, { loaded, until: Date.now() + 20 })
      return loaded
    },
  })
}
