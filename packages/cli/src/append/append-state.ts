import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { replaceFile } from '../replace-file.js'
import { CliError, usageError } from '../failures.js'

/**
 * What a run of `ds append --state FILE` has to know of the runs before. A batch is written down before it is sent, so
 * that after a crash the same bytes go out under the same number and the server takes them once.
 */
export interface AppendProgress {
  readonly version: 1
  readonly stream: string
  readonly producerId: string
  readonly epoch: number
  /** How the input is cut into messages; another way would give other batches. */
  readonly form: string
  /** Where in the input everything before is known to be appended. */
  readonly confirmedEnd: number
  /** The number of the next batch, or of the pending one. */
  readonly nextSeq: number
  /** Where the batch ends that may or may not have been appended; null when there is none. */
  readonly pendingEnd: number | null
  /** SHA-256 of all content up to `pendingEnd`, or else `confirmedEnd`: the input must still be the same. */
  readonly digest: string
}

export interface AppendIdentity {
  readonly stream: string
  readonly form: string
  readonly producerId: string | null
}

/** Reads the state file, or begins a new state if there is none. Refuses one that was made for something else. */
export async function loadProgress(file: string, identity: AppendIdentity): Promise<AppendProgress> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new CliError('STATE_FILE', `the state file cannot be read: ${(error as Error).message}`)
  })
  if (text === null) return newProgress(identity)
  const found = parseProgress(text)
  if (found === null)
    throw usageError(`${file} is no state file of ds append`, 'name a file that does not exist yet')
  const other = `remove ${file} to begin anew, or name another`
  if (found.stream !== identity.stream) throw usageError(`${file} belongs to ${found.stream}`, other)
  if (found.form !== identity.form)
    throw usageError(`${file} was made with input read as ${found.form}`, other)
  if (identity.producerId !== null && identity.producerId !== found.producerId) {
    throw usageError(`${file} belongs to the producer ${found.producerId}`, other)
  }
  return found
}

export async function saveProgress(file: string, progress: AppendProgress): Promise<void> {
  await replaceFile(file, `${JSON.stringify(progress)}\n`, { isDurable: true })
}

function newProgress({ stream, form, producerId }: AppendIdentity): AppendProgress {
  return {
    version: 1,
    stream,
    producerId: producerId ?? `ds-${randomUUID()}`,
    epoch: 0,
    form,
    confirmedEnd: 0,
    nextSeq: 0,
    pendingEnd: null,
    digest: '',
  }
}

function parseProgress(text: string): AppendProgress | null {
  try {
    const value = JSON.parse(text) as Partial<AppendProgress>
    const isCount = (number: unknown): boolean => Number.isSafeInteger(number) && (number as number) >= 0
    const isSound =
      value.version === 1 &&
      [value.stream, value.producerId, value.form, value.digest].every((part) => typeof part === 'string') &&
      [value.epoch, value.confirmedEnd, value.nextSeq].every(isCount) &&
      (value.pendingEnd === null || isCount(value.pendingEnd))
    return isSound ? (value as AppendProgress) : null
  } catch {
    return null
  }
}
