import type { FileSystem } from './file-system.js'
import { StoreError } from '@ds/core'
import { crc32 } from './crc32.js'
import { readWhole, replaceFile } from './file-system.js'

const MANIFEST_FILE = 'MANIFEST'
const COPY_FILE = 'MANIFEST.copy'

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

/** What a directory says of itself. */
export interface FoundManifest {
  /** Null when there is none yet. */
  readonly manifest: Manifest | null
  /** Whether the file and its copy both say so; otherwise they have to be written again before files are removed. */
  readonly isComplete: boolean
  /** What is wrong, in words; null when nothing is. */
  readonly problem: string | null
}

/**
 * Reads the manifest, or its copy where it is damaged or missing. The copy may be one step older after a crash, but
 * then nothing has been removed that it names. Rejects with a StoreError `corrupt` when neither can be read.
 */
export async function readManifest(fileSystem: FileSystem): Promise<FoundManifest> {
  const found = await readOne(fileSystem, MANIFEST_FILE)
  const copy = await readOne(fileSystem, COPY_FILE)
  if (found === null && copy === null) return { manifest: null, isComplete: true, problem: null }
  if (found !== null && found !== 'damaged') {
    const isComplete = copy !== null && copy !== 'damaged' && copy.json === found.json
    const problem = copy === 'damaged' ? `${COPY_FILE} was damaged` : null
    return { manifest: parse(found), isComplete, problem }
  }
  if (copy === null || copy === 'damaged') {
    throw new StoreError('corrupt', `${MANIFEST_FILE} and ${COPY_FILE} are damaged or missing`)
  }
  const problem = `${MANIFEST_FILE} was ${found === null ? 'missing' : 'damaged'}, and its copy is used`
  return { manifest: parse(copy), isComplete: false, problem }
}

interface ManifestText {
  readonly json: string
}

async function readOne(fileSystem: FileSystem, name: string): Promise<ManifestText | 'damaged' | null> {
  const bytes = await readWhole(fileSystem, name)
  if (bytes === null) return null
  const text = Buffer.from(bytes).toString()
  const json = text.slice(9)
  return text.slice(0, 8) === sumOf(json) ? { json } : 'damaged'
}

function parse({ json }: ManifestText): Manifest {
  return JSON.parse(json) as Manifest
}

/** Writes the manifest and its copy. Files that the one before named may be removed only when this has succeeded. */
export async function writeManifest(fileSystem: FileSystem, manifest: Manifest): Promise<void> {
  const json = `${JSON.stringify(manifest)}\n`
  const bytes = Buffer.from(`${sumOf(json)} ${json}`)
  await replaceFile(fileSystem, MANIFEST_FILE, bytes)
  await replaceFile(fileSystem, COPY_FILE, bytes)
}

function sumOf(json: string): string {
  return crc32(Buffer.from(json)).toString(16).padStart(8, '0')
}
