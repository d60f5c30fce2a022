import type { Command } from 'commander'
import { DurableStream } from '@ds/client'
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { AppendRun, type AppendTotals, type KeptProgress } from '../append/append-run.js'
import { loadProgress, saveProgress } from '../append/append-state.js'
import { PlainWriter, ProducerWriter, type BatchWriter } from '../append/batch-writer.js'
import { lockFile } from '../append/file-lock.js'
import { chooseInput, type ChosenInput, type InputOptions } from '../append/input-choice.js'
import { PieceQueue } from '../append/piece-queue.js'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import {
  addContentTypeOptions,
  chosenContentType,
  isJsonType,
  type ContentTypeOptions,
} from './content-options.js'
import { noStream } from './head-command.js'
import type { StreamTarget } from '../connection/stream-target.js'
import { usageError } from '../failures.js'
import { byteSize } from '../option-values.js'
import type { Session } from '../session.js'
import { formatBytes, formatCount } from '../terminal/quantities.js'

interface AppendCommandOptions extends ContentTypeOptions, InputOptions {
  readonly create?: boolean
  readonly close?: boolean
  readonly producerId?: string
  readonly state?: string
  readonly batchBytes: number
}

/** How long what is under way may take after a signal. */
const LEAVE_WITHIN_MS = 5_000
const MAX_BATCH_BYTES = 67_108_864

export function addAppendCommand(program: Command, { start }: CommandSurroundings): void {
  const command = program
    .command('append')
    .alias('write')
    .description('append content, a file or standard input to a stream')
    .argument('<stream>', 'its name or its URL')
    .argument('[content...]', 'what to append; without it, standard input')
  addContentTypeOptions(command)
    .option('--batch-json', 'make each element of a JSON array a message of its own')
    .option('--lines', 'make each line a message: a JSON string on JSON streams, never cut on others')
    .option('--file <file>', 'append a file; - for standard input')
    .option('--create', 'create the stream if there is none, as --content-type or --json say')
    .option('--close', 'close the stream after the last of it')
    .option(
      '--state <file>',
      'remember in this file what was appended, so that running it again repeats nothing',
    )
    .option('--producer-id <id>', 'write under this name; a newer run of the same name fences older ones')
    .option('--batch-bytes <n>', 'bytes of one request at most', byteSize(1, MAX_BATCH_BYTES), 1_048_576)
    .addHelpText(
      'after',
      examples(
        'ds append chat \'{"text":"hello"}\'',
        "ds append notes 'first line\\nsecond line'",
        'seq 1 1000000 | ds append numbers --create',
        'tail -F app.log | ds append logs --lines',
        'cat events.json | ds append events --batch-json',
        'ds append events --file events.ndjson --state events.state   # run it again after a crash',
      ),
    )
    .action((name: string, content: string[], options: AppendCommandOptions, self: Command) =>
      start(self, (session) => append(session, name, content, options)),
    )
}

async function append(
  session: Session,
  name: string,
  content: readonly string[],
  options: AppendCommandOptions,
): Promise<void> {
  if (options.state !== undefined && content.length > 0) {
    throw usageError('--state is for files and standard input', 'use --producer-id for single messages')
  }
  const target = session.find(name)
  const contentType = await prepareStream(session, target, options)
  const isJson = isJsonType(contentType)
  const input = await chooseInput(session, content, options, isJson)
  if (options.json === true && !isJson) {
    session.note(`${target.name} is ${contentType}: JSON is appended as text, a line for each value`)
  }
  const totals = await appendInput(session, target, contentType, input, options)
  session.host.signal.throwIfAborted()
  if (options.close === true) await session.open(target).close()
  await session.tell(describe(totals, target, isJson, options.close === true), {
    url: target.url,
    ...(isJson ? { messages: totals.messages } : {}),
    bytes: totals.bytes,
    batches: totals.batches,
    skippedBytes: totals.skippedBytes,
    closed: options.close === true,
  })
}

/** Finds the content type of the stream; creates it if that was asked for. */
async function prepareStream(
  session: Session,
  target: StreamTarget,
  options: AppendCommandOptions,
): Promise<string> {
  const json = options.json === true || options.batchJson === true
  const chosen = chosenContentType({ ...options, json: options.contentType === undefined && json })
  const handle = session.open(target)
  const found = await handle.head()
  if (!found.exists) {
    if (options.create !== true) throw noStream(target, found.gone === true)
    const made = await handle.create({ contentType: chosen ?? 'application/octet-stream' })
    session.note(`created ${target.url} (${made.contentType ?? ''})`)
    return made.contentType ?? 'application/octet-stream'
  }
  // What was said in so many words goes to the server, which knows whether it fits.
  return options.contentType ?? found.contentType ?? 'application/octet-stream'
}

async function appendInput(
  session: Session,
  target: StreamTarget,
  contentType: string,
  input: ChosenInput,
  options: AppendCommandOptions,
): Promise<AppendTotals> {
  const { queue, signal, leave } = createQueue(session, options.batchBytes)
  const handle = createHandle(session, target, contentType, signal)
  const isJson = isJsonType(contentType)
  const isTyped = input.totalBytes === null && session.host.stdin.isTTY === true
  const bar = isTyped ? null : session.startProgress(input.totalBytes)
  const unlock = options.state === undefined ? null : await lockFile(resolve(options.state))
  try {
    const kept = options.state === undefined ? null : await openState(options.state, target, input, options)
    const openWriter = (isOnly: boolean): BatchWriter => {
      if (kept !== null) {
        const { producerId, epoch, nextSeq } = kept.initial
        return new ProducerWriter(handle, { id: producerId, epoch, nextSeq }, isJson, true)
      }
      const { producerId } = options
      if (isOnly && producerId === undefined) return new PlainWriter(handle, isJson)
      // A clock that moves on gives each run of a name a newer epoch than the one before.
      const epoch = producerId === undefined ? 0 : Date.now()
      const id = producerId ?? `ds-${randomUUID()}`
      return new ProducerWriter(handle, { id, epoch, nextSeq: 0 }, isJson, false)
    }
    const isCuttable = input.form.isCuttable
    const run = new AppendRun({ queue, isCuttable, openWriter, onProgress: (end) => bar?.update(end) })
    void queue.fill(input.source, input.form)
    await (kept === null ? run.run() : run.runKept(kept)).catch((error: unknown) => {
      noteStop(session, run.totals, isJson)
      throw error
    })
    if (session.host.signal.aborted) noteStop(session, run.totals, isJson)
    return run.totals
  } finally {
    unlock?.()
    leave()
    bar?.clear()
  }
}

/** After a signal nothing more is taken from the input; what is under way may still finish. */
function createQueue(
  session: Session,
  maxBatchBytes: number,
): { queue: PieceQueue; signal: AbortSignal; leave: () => void } {
  const queue = new PieceQueue({
    maxBatchBytes,
    maxBatchPieces: 50_000,
    maxWaitingBytes: Math.max(4_194_304, 2 * maxBatchBytes),
    lingerMs: 20,
  })
  const giveUp = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const onSignal = (): void => {
    queue.stop()
    timer = setTimeout(() => giveUp.abort(session.host.signal.reason), LEAVE_WITHIN_MS)
  }
  session.host.signal.addEventListener('abort', onSignal)
  const leave = (): void => {
    clearTimeout(timer)
    session.host.signal.removeEventListener('abort', onSignal)
  }
  return { queue, signal: giveUp.signal, leave }
}

/** A handle whose writes are patient: they go on when the server comes back within two minutes. */
function createHandle(
  session: Session,
  target: StreamTarget,
  contentType: string,
  signal: AbortSignal,
): DurableStream {
  const { retries } = session.settings
  const { initialDelay, maxDelay, multiplier } = session.backoff(0)
  const patient = { initialDelay, maxDelay, multiplier }
  const backoffOptions = retries === null ? patient : session.backoff(retries)
  return new DurableStream({ ...session.handleOptions(target), backoffOptions, contentType, signal })
}

async function openState(
  file: string,
  target: StreamTarget,
  { formName }: ChosenInput,
  { producerId = null }: { readonly producerId?: string | null },
): Promise<KeptProgress> {
  const path = resolve(file)
  const initial = await loadProgress(path, { stream: target.url, form: formName, producerId })
  return { initial, save: (progress) => saveProgress(path, progress) }
}

function describe(totals: AppendTotals, { name }: StreamTarget, isJson: boolean, isClosed: boolean): string {
  const end = isClosed ? ', and closed it' : ''
  const before =
    totals.skippedBytes === 0
      ? ''
      : ` (the first ${formatBytes(totals.skippedBytes)} of the input were there already)`
  return `appended ${amount(totals, isJson)} to ${name}${before}${end}`
}

function amount({ messages, bytes }: AppendTotals, isJson: boolean): string {
  return isJson ? `${formatCount(messages, 'message')}, ${formatBytes(bytes)}` : formatBytes(bytes)
}

/** Whoever stops or fails in the middle wants to know how far it came. */
function noteStop(session: Session, totals: AppendTotals, isJson: boolean): void {
  if (totals.batches === 0 && !session.host.signal.aborted) return
  session.note(`stopped after ${amount(totals, isJson)}`)
}
