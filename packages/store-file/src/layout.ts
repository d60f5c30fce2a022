import type { FileSystem } from './file-system.js'
import { StoreError } from '@ds/core'
import { isLockName } from './directory-lock.js'
import { readWhole, replaceFile } from './file-system.js'

/** The folders of a data directory. */
export const FOLDERS = ['journal', 'tables', 'segments', 'damaged'] as const

const FORMAT_FILE = 'FORMAT'
const FORMAT_NAME = 'durable-streams-file-store'
const FORMAT_VERSION = 2

export function journalName(number: number): string {
  return `journal/${fileNumber(number)}.log`
}

export function tableName(id: number): string {
  return `tables/${fileNumber(id)}.tbl`
}

export function segmentName(id: number): string {
  return `segments/${fileNumber(id)}.seg`
}

/** The numbers of the files of one kind, ascending; other files are none of the store's business. */
export async function listNumbers(
  fileSystem: FileSystem,
  folder: (typeof FOLDERS)[number],
): Promise<number[]> {
  const numbers: number[] = []
  for (const name of await fileSystem.list(folder)) {
    const match = /^(\d{10})\.(?:log|tbl|seg)$/.exec(name)
    if (match !== null) numbers.push(Number(match[1]))
  }
  return numbers.sort((a, b) => a - b)
}

/**
 * Makes sure that the directory is one of ours, of a version that we understand. An empty one becomes ours.
 * Everything else is refused and left alone.
 */
export async function claimDirectory(fileSystem: FileSystem): Promise<void> {
  const text = await readWhole(fileSystem, FORMAT_FILE)
  if (text === null) {
    const strangers = (await fileSystem.list('')).filter(
      (name) => !isLockName(name) && name !== `${FORMAT_FILE}.new`,
    )
    if (strangers.length > 0) {
      throw new StoreError(
        'corrupt',
        `this is no data directory: it has no ${FORMAT_FILE}, but ${strangers[0]!}`,
      )
    }
    const format = { format: FORMAT_NAME, version: FORMAT_VERSION }
    await replaceFile(fileSystem, FORMAT_FILE, Buffer.from(`${JSON.stringify(format)}\n`))
  } else {
    checkFormat(text)
    // An attempt to open that failed may have left the name of the file in memory only.
    await fileSystem.syncDirectory('')
  }
  for (const folder of FOLDERS) await fileSystem.makeDirectory(folder)
  await fileSystem.syncDirectory('')
}

/** Refuses formats that are not ours or that are newer. */
export function checkFormat(text: Uint8Array): void {
  const found = parseFormat(text)
  if (found.format !== FORMAT_NAME)
    throw new StoreError('corrupt', `${FORMAT_FILE} is not that of a file store`)
  if (found.version !== FORMAT_VERSION) {
    throw new StoreError(
      'corrupt',
      `the data has format version ${String(found.version)}, and this program knows only ${FORMAT_VERSION}`,
    )
  }
}

/** What cannot be read is not ours. */
function parseFormat(text: Uint8Array): { readonly format?: unknown; readonly version?: unknown } {
  try {
    return (JSON.parse(Buffer.from(text).toString()) ?? {}) as { format?: unknown }
  } catch {
    return {}
  }
}

function fileNumber(number: number): string {
  return String(number).padStart(10, '0')
}
