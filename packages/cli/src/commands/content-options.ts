import type { Command } from 'commander'
import { readFile, stat } from 'node:fs/promises'
import type { Session } from '../session.js'
import { CliError, usageError } from '../failures.js'
import { EXIT } from '../exit-codes.js'

const JSON_TYPE = 'application/json'

/** `--content-type` and `--json`. */
export interface ContentTypeOptions {
  readonly contentType?: string
  readonly json?: boolean
}

export function addContentTypeOptions(command: Command): Command {
  return command
    .option('--content-type <type>', "the stream's content type (default application/octet-stream)")
    .option('--json', 'the same as --content-type application/json')
}

/** The content type that the options ask for, or null. */
export function chosenContentType({ contentType, json }: ContentTypeOptions): string | null {
  if (contentType !== undefined && json === true && !isJsonType(contentType)) {
    throw usageError('--json and --content-type contradict each other')
  }
  return contentType ?? (json === true ? JSON_TYPE : null)
}

/** @see PROTOCOL §9.1 */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType?.split(';')[0]!.trim().toLowerCase() === JSON_TYPE
}

/** What is sent in one request at most; longer content goes in by `ds append`. */
const MAX_WHOLE_BYTES = 33_554_432

/** A whole file, or standard input for `-`. */
export async function readWhole(file: string, session: Session): Promise<Uint8Array> {
  if (file === '-') return readWholeInput(session)
  try {
    const { size } = await stat(file)
    if (size > MAX_WHOLE_BYTES) throw tooLong(`${file} has ${size} bytes`)
    return await readFile(file)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw unreadable(file, error)
  }
}

export function unreadable(file: string, cause: unknown): CliError {
  const { code, message } = cause as NodeJS.ErrnoException
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message
  return new CliError('FILE', `${file} cannot be read: ${why}`, { exitCode: EXIT.usage, cause })
}

async function readWholeInput({ host }: Session): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of host.stdin as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_WHOLE_BYTES) throw tooLong('the input is long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function tooLong(what: string): CliError {
  return usageError(
    `${what}; one request takes ${MAX_WHOLE_BYTES} at most`,
    'create the stream without it, then send it with `ds append --file`',
  )
}
