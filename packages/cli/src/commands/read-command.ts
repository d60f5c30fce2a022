import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { LiveMode, StreamResponse } from '@ds/client'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { isJsonType } from './content-options.js'
import type { StreamTarget } from '../connection/stream-target.js'
import { usageError } from '../failures.js'
import { oneOf, wholeNumber } from '../option-values.js'
import { Bytes, Messages, type Content } from '../read/content.js'
import { FileOutput, type ReadOutput } from '../read/read-output.js'
import { ReadRun } from '../read/read-run.js'
import { loadPlace, savePlace, type SavedPlace } from '../read/saved-place.js'
import type { Session } from '../session.js'

interface ReadOptions {
  readonly offset?: string
  readonly live?: boolean
  readonly follow?: boolean
  readonly liveMode: 'auto' | 'sse' | 'long-poll'
  readonly json?: boolean
  readonly raw?: boolean
  readonly limit?: number
  readonly last?: number
  readonly saveOffset?: string
  readonly to?: string
}

const MAX_LAST = 1_000_000

export function addReadCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('read')
    .description('print what a stream holds: JSON messages one a line, everything else as it is')
    .argument('<stream>', 'its name or its URL')
    .option('-f, --follow', 'go on at its end, as tail -f does, until it is closed')
    .option('--live', 'the same as --follow')
    .option(
      '--live-mode <mode>',
      'how to follow: auto, sse or long-poll',
      oneOf(['auto', 'sse', 'long-poll']),
      'auto',
    )
    .option('--offset <offset>', 'where to begin: an offset, -1 for the start, now for the end')
    .option('-n, --last <n>', 'only the last messages, or lines, of what is there', wholeNumber(1, MAX_LAST))
    .option('--limit <n>', 'stop after so many messages, or bytes', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--save-offset <file>', 'remember in this file how far it came, and begin there the next time')
    .option('--to <file>', 'write to a file; with --save-offset it is exact even after kill -9')
    .option('--json', 'take the stream for JSON, whatever its content type says')
    .option('--raw', 'the bytes as the server sends them, also of JSON streams')
    .addHelpText(
      'after',
      examples(
        'ds read chat',
        'ds read chat --follow | jq .text',
        'ds read logs --last 10 --follow',
        'ds read events --save-offset events.offset        # run it again for what is new',
        'ds read video --to video.mp4 --save-offset video.offset',
        'ds read chat --output json                         # each batch with its offset',
      ),
    )
    .action((name: string, options: ReadOptions, self: Command) =>
      start(self, (session) => read(session, name, options)),
    )
}

async function read(session: Session, name: string, options: ReadOptions): Promise<void> {
  if (options.json === true && options.raw === true) throw usageError('either --json or --raw')
  if (options.last !== undefined && (options.limit ?? options.saveOffset) !== undefined) {
    throw usageError('--last goes neither with --limit nor with --save-offset')
  }
  const target = session.find(name)
  const placeFile = options.saveOffset === undefined ? null : resolve(options.saveOffset)
  const saved = placeFile === null ? null : await loadPlace(placeFile, target.url)
  const response = await openRead(session, target, saved?.offset ?? options.offset ?? '-1', options)
  const unit = unitOf(response, options)
  if (saved !== null && saved.skip > 0 && saved.unit !== unit) {
    throw usageError(
      `${options.saveOffset ?? ''} counts ${saved.unit}s`,
      'read with the same options as before',
    )
  }
  const output = await openOutput(session, options, saved)
  const { isErrTerminal, isOutTerminal } = session.host
  const bar =
    isErrTerminal && (!isOutTerminal || options.to !== undefined) ? session.startProgress(null) : null
  const run = new ReadRun({
    output,
    parse: unit === 'message' ? parseMessages : (data): Content => new Bytes(data),
    asRecords: session.settings.isJson,
    start: { offset: response.startOffset, skip: saved?.skip ?? 0 },
    limit: options.limit ?? Infinity,
    last: options.last ?? null,
    onPlace: async (place) => {
      if (placeFile === null || place.offset === 'now') return
      await savePlace(placeFile, { version: 1, stream: target.url, unit, written: output.written, ...place })
    },
    onBytes: (bytes) => bar?.update(bytes),
  })
  try {
    await run.consume(response)
  } finally {
    bar?.clear()
    await output.close()
  }
  // The client takes a signal for a wish, and ends in good order.
  session.host.signal.throwIfAborted()
  if (response.streamClosed && isLive(options)) session.note(`${target.name} is closed; that was all of it`)
}

/** Asks for the stream. Once it is there, a live read survives everything that passes. */
async function openRead(
  session: Session,
  target: StreamTarget,
  offset: string,
  options: ReadOptions,
): Promise<StreamResponse> {
  const live: LiveMode = !isLive(options) ? false : options.liveMode === 'auto' ? true : options.liveMode
  const { retries } = session.settings
  const { initialDelay, maxDelay, multiplier } = session.backoff(0)
  const patient = { initialDelay, maxDelay, multiplier }
  const stream = session.open(target)
  return stream.stream({
    offset,
    live,
    backoffOptions: retries === null ? patient : session.backoff(retries),
    sseResilience: { logWarnings: session.settings.isVerbose },
  })
}

function isLive({ live, follow, liveMode }: ReadOptions): boolean {
  return live === true || follow === true || liveMode !== 'auto'
}

function unitOf({ contentType }: StreamResponse, { raw, json }: ReadOptions): 'message' | 'byte' {
  return raw !== true && (json === true || isJsonType(contentType)) ? 'message' : 'byte'
}

function parseMessages(data: Uint8Array): Content {
  return Messages.parse(data)
}

async function openOutput(
  session: Session,
  { to }: ReadOptions,
  saved: SavedPlace | null,
): Promise<ReadOutput> {
  if (to !== undefined) return FileOutput.open(resolve(to), saved?.written ?? 0)
  const { out } = session.host
  return { written: null, write: (data) => out.write(data), close: () => out.flush() }
}
