import type { FileSystem } from './file-system.js'
import { StoreError } from '@ds/core'
import { crc32c } from './crc32c.js'
import { readWhole, replaceFile } from './file-system.js'

const MANIFEST_FILE = 'MANIFEST'

/** What the store consists of besides its journal. It is replaced as a whole, in one step. */
export interface Manifest {
  /** The first journal file whose commits are not in the tables. */
  readonly journal: number
  /** The number that the next table or segment gets. */
  readonly nextId: number
  /** Tables, the newest first. */
  readonly tables: readonly number[]
  readonly segments: readonly SegmentUse[]
  readonly damage: readonly Damage[]
}

/** How much of a segment is in use, in bytes of streams. */
export interface SegmentUse {
  readonly id: number
  readonly bytes: number
  readonly live: number
}

/** Something that was lost, and cannot be had back from this directory alone. */
export interface Damage {
  /** The stream that can only be read any more; null when it cannot be told which streams lost something. */
  readonly path: string | null
  readonly what: string
}

export const FIRST_MANIFEST: Manifest = { journal: 1, nextId: 1, tables: [], segments: [], damage: [] }

/** Null when there is none yet. Rejects with a StoreError `corrupt` when it is not what was written. */
export async function readManifest(fileSystem: FileSystem): Promise<Manifest | null> {
  const bytes = await readWhole(fileSystem, MANIFEST_FILE)
  if (bytes === null) return null
  const text = Buffer.from(bytes).toString()
  const sum = text.slice(0, 8)
  const json = text.slice(9)
  if (sum !== sumOf(json)) throw new StoreError('corrupt', 'the MANIFEST is damaged')
  return JSON.parse(json) as Manifest
}

export function writeManifest(fileSystem: FileSystem, manifest: Manifest): Promise<void> {
  const json = `${JSON.stringify(manifest)}\n`
  return replaceFile(fileSystem, MANIFEST_FILE, Buffer.from(`${sumOf(json)} ${json}`))
}

function sumOf(json: string): string {
  return crc32c(Buffer.from(json)).toString(16).padStart(8, '0')
}
