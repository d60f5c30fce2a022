import type { StreamStore } from '@ds/core'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError, usageError } from '../failures.js'
import { EXIT } from '../exit-codes.js'

/** Which store is meant. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly directory: string; readonly durability: 'fsync' | 'os' }
  | { readonly kind: 'redis'; readonly url: string }

export interface StoreOptions {
  readonly store?: string
  readonly dir?: string
  readonly durability?: 'fsync' | 'os'
}

const DEFAULT_DIRECTORY = 'streams-data'

/** Reads `--store`, `--dir`, `--durability` and STREAMS_DIR. */
export function chooseStore(
  { store = 'file', dir, durability }: StoreOptions,
  env: Readonly<Record<string, string | undefined>>,
): StoreChoice {
  if (store === 'file') {
    const fromEnv = env['STREAMS_DIR'] === '' ? undefined : env['STREAMS_DIR']
    return {
      kind: 'file',
      directory: resolve(dir ?? fromEnv ?? DEFAULT_DIRECTORY),
      durability: durability ?? 'fsync',
    }
  }
  if (dir !== undefined) throw usageError('--dir is for --store file')
  if (durability !== undefined) throw usageError('--durability is for --store file')
  if (store === 'memory') return { kind: 'memory' }
  if (/^rediss?:\/\/\S+$/.test(store)) return { kind: 'redis', url: store }
  throw usageError(
    `--store ${store} is none`,
    'it is memory, file, or the URL of a Redis server such as redis://localhost:6379',
  )
}

/** After how long a wait is worth a word. */
const NOTE_AFTER_MS = 1_000

export interface StoreOpening {
  readonly timeoutMs: number
  readonly onFault: (error: unknown) => void
  /** Told in words what takes so long. */
  readonly onWait: (what: string) => void
}

/** Opens a store. Stores are loaded only when they are needed: most commands need none. */
export async function openStore(
  choice: StoreChoice,
  { timeoutMs, onFault, onWait }: StoreOpening,
): Promise<StreamStore> {
  try {
    switch (choice.kind) {
      case 'memory':
        return new (await import('@ds/store-memory')).MemoryStore()
      case 'file': {
        const { FileStore } = await import('@ds/store-file')
        return await FileStore.open(choice.directory, { durability: choice.durability, onFault })
      }
      case 'redis': {
        const { RedisStore } = await import('@ds/store-redis')
        const place = new URL(choice.url).host
        const waiting = setTimeout(() => {
          onWait(`waiting for Redis at ${place}, up to ${Math.round(timeoutMs / 1000)} s`)
        }, NOTE_AFTER_MS)
        const opening = RedisStore.open({ url: choice.url, openTimeoutMs: timeoutMs })
        return await opening.finally(() => clearTimeout(waiting))
      }
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CliError('STORE', `the store cannot be opened: ${why}`, {
      cause,
      exitCode: choice.kind === 'redis' ? EXIT.unreachable : EXIT.failed,
      hint:
        choice.kind === 'redis'
          ? 'is Redis running there, version 7 or later?'
          : 'a data directory belongs to one process at a time; `ds fsck` examines it',
    })
  }
}

/** Refuses what is no data directory: opening it would make it one. */
export async function checkDataDirectory(directory: string): Promise<void> {
  const found = await stat(resolve(directory, 'FORMAT')).catch(() => null)
  if (found !== null) return
  throw new CliError('NO_DATA_DIRECTORY', `${directory} is no data directory of the file store`, {
    exitCode: EXIT.notFound,
    hint: 'name the folder that `ds serve --dir` was given (STREAMS_DIR, or ./streams-data)',
  })
}
