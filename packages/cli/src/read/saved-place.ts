import { readFile } from 'node:fs/promises'
import { CliError, usageError } from '../failures.js'
import { replaceFile } from '../replace-file.js'

/** How far a read has come: `skip` messages (JSON) or bytes after an offset. */
export interface Place {
  readonly offset: string
  readonly skip: number
}

/** What `--save-offset` keeps. */
export interface SavedPlace extends Place {
  readonly version: 1
  readonly stream: string
  /** What `skip` counts. */
  readonly unit: 'message' | 'byte'
  /** The length that the file of `--to` has at this place; null without one. */
  readonly written: number | null
}

/** Reads a saved place; null if there is none yet. */
export async function loadPlace(file: string, stream: string): Promise<SavedPlace | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CliError('STATE_FILE', `the saved offset cannot be read: ${(error as Error).message}`)
  })
  if (text === null) return null
  const place = parsePlace(text)
  if (place === null)
    throw usageError(`${file} holds no offset of ds read`, 'name a file that does not exist yet')
  if (place.stream !== stream) {
    throw usageError(`${file} belongs to ${place.stream}`, `remove ${file} to begin anew, or name another`)
  }
  return place
}

/** Not synced to the disk: if the machine loses power, a part comes again, and nothing is lost. */
export async function savePlace(file: string, place: SavedPlace): Promise<void> {
  await replaceFile(file, `${JSON.stringify(place)}\n`, { isDurable: false })
}

function parsePlace(text: string): SavedPlace | null {
  try {
    const value = JSON.parse(text) as Partial<SavedPlace>
    const isCount = (number: unknown): boolean => Number.isSafeInteger(number) && (number as number) >= 0
    const isSound =
      value.version === 1 &&
      [value.stream, value.offset].every((part) => typeof part === 'string') &&
      (value.unit === 'message' || value.unit === 'byte') &&
      isCount(value.skip) &&
      (value.written === null || isCount(value.written))
    return isSound ? (value as SavedPlace) : null
  } catch {
    return null
  }
}
