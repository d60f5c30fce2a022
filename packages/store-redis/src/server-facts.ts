import type { RedisLink } from './redis-link.js'
import { isReplyError } from './replies.js'

/** What a server says of itself, as far as it matters here. */
export interface ServerFacts {
  /** Names this run of the server's process. */
  readonly run: string
  readonly version: string
  readonly isMaster: boolean
  readonly upForMs: number
  readonly replicas: number
  readonly appendOnly: boolean
  readonly lastAppendFailed: boolean
  /** Null where the server does not let its configuration be read. */
  readonly config: ServerConfig | null
}

export interface ServerConfig {
  readonly fsync: string
  /** Whether syncs are left out while the log is rewritten. */
  readonly skipsSyncs: boolean
  readonly evicts: boolean
}

const CONFIG = ['appendfsync', 'no-appendfsync-on-rewrite', 'maxmemory-policy']

/** Asks a server for its facts. */
export async function readFacts(link: RedisLink): Promise<ServerFacts> {
  const [info, config] = await Promise.all([
    link.sendUnprepared('info', []) as Promise<string>,
    readConfig(link),
  ])
  const fields = parseInfo(info)
  const field = (name: string): string => fields.get(name) ?? ''
  return {
    run: field('run_id'),
    version: field('redis_version'),
    isMaster: field('role') === 'master',
    upForMs: Number(field('uptime_in_seconds')) * 1000,
    replicas: countReplicas(fields),
    appendOnly: field('aof_enabled') === '1',
    lastAppendFailed: field('aof_enabled') === '1' && field('aof_last_write_status') !== 'ok',
    config,
  }
}

async function readConfig(link: RedisLink): Promise<ServerConfig | null> {
  try {
    const values = new Map<string, string>()
    for (const name of CONFIG) {
      const [key, value] = (await link.sendUnprepared('config', ['get', name])) as [string?, string?]
      if (key === undefined || value === undefined) return null
      values.set(key, value)
    }
    return {
      fsync: values.get('appendfsync') ?? '',
      skipsSyncs: values.get('no-appendfsync-on-rewrite') === 'yes',
      evicts: values.get('maxmemory-policy') !== 'noeviction',
    }
  } catch (error) {
    // Hosted servers often forbid CONFIG.
    if (isReplyError(error)) return null
    throw error
  }
}

function parseInfo(text: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1))
  }
  return fields
}

function countReplicas(fields: ReadonlyMap<string, string>): number {
  let online = 0
  for (const [name, value] of fields) {
    if (/^slave\d+$/.test(name) && value.includes('state=online')) online++
  }
  return online
}
