import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { unreadable } from '../commands/content-options.js'
import { usageError } from '../failures.js'
import { JsonValues } from '../input/json-values.js'
import { JsonLines, PlainBytes, WholeLines } from '../input/text-lines.js'
import type { InputForm } from '../input/pieces.js'
import { unescapeContent } from '../input/unescape-content.js'
import type { Session } from '../session.js'

/** How the input is taken. */
export interface InputOptions {
  readonly json?: boolean
  readonly batchJson?: boolean
  readonly lines?: boolean
  readonly file?: string
  readonly batchBytes: number
}

/** An input, the way to cut it, and how long it is, if that is known. */
export interface ChosenInput {
  readonly source: AsyncIterable<Uint8Array>
  readonly form: InputForm
  /** Names the way to cut it; it stands in state files. */
  readonly formName: string
  readonly totalBytes: number | null
}

const READ_BYTES = 262_144
/** The longest message; it has to be in memory whole. */
const MAX_MESSAGE_BYTES = 67_108_864

/** Where the content comes from: arguments, a file, or standard input; and how it becomes messages. */
export async function chooseInput(
  session: Session,
  content: readonly string[],
  options: InputOptions,
  isJsonStream: boolean,
): Promise<ChosenInput> {
  if (options.lines === true && (options.json === true || options.batchJson === true)) {
    throw usageError('--lines takes text; leave --json and --batch-json out')
  }
  if (options.batchJson === true && !isJsonStream) {
    throw usageError('--batch-json needs a JSON stream', 'create one with `ds create <stream> --json`')
  }
  const shape = chooseForm(options, isJsonStream)
  if (content.length > 0) {
    if (options.file !== undefined) throw usageError('either content or --file')
    return { ...shape, ...ofArguments(content, shape.formName) }
  }
  if (options.file !== undefined && options.file !== '-') return { ...shape, ...(await ofFile(options.file)) }
  if (session.host.stdin.isTTY === true) session.note('reading from the terminal; Ctrl-D ends the input')
  return { ...shape, source: session.host.stdin, totalBytes: null }
}

function chooseForm(options: InputOptions, isJsonStream: boolean): Pick<ChosenInput, 'form' | 'formName'> {
  const { json, batchJson, lines, batchBytes } = options
  const maxBytes = MAX_MESSAGE_BYTES
  if (isJsonStream) {
    if (lines === true) return { form: new JsonLines(maxBytes), formName: 'json-lines' }
    const flatten = batchJson === true
    return { form: new JsonValues({ flatten, maxBytes }), formName: flatten ? 'json-batch' : 'json' }
  }
  if (json === true) {
    return { form: new JsonValues({ flatten: false, maxBytes, suffix: '\n' }), formName: 'json-text' }
  }
  if (lines === true) return { form: new WholeLines(batchBytes), formName: 'lines' }
  return { form: new PlainBytes(batchBytes), formName: 'bytes' }
}

/** JSON arguments are messages of their own; other words are joined by spaces, as echo does. */
function ofArguments(
  content: readonly string[],
  formName: string,
): Pick<ChosenInput, 'source' | 'totalBytes'> {
  const isJson = formName !== 'bytes' && formName !== 'lines' && formName !== 'json-lines'
  const text = isJson
    ? content.join('\n')
    : formName === 'bytes'
      ? unescapeContent(content.join(' '))
      : content.join('\n')
  const bytes = Buffer.from(text)
  if (bytes.length === 0) throw usageError('the content is empty', 'there is nothing to append')
  return { source: once(bytes), totalBytes: bytes.length }
}

async function ofFile(file: string): Promise<Pick<ChosenInput, 'source' | 'totalBytes'>> {
  const found = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error)
  })
  if (found.isDirectory()) throw unreadable(file, Object.assign(new Error(), { code: 'EISDIR' }))
  return { source: readFileChunks(file), totalBytes: found.isFile() ? found.size : null }
}

async function* readFileChunks(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: READ_BYTES })) yield chunk as Buffer
  } catch (error) {
    throw unreadable(file, error)
  }
}

// A source is asked for its chunks; these are there already.
// eslint-disable-next-line @typescript-eslint/require-await
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
