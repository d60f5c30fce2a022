import { executeServerCases } from '../run/execute-server-cases.js'
import { listServerCases } from '../server/run-server-cases.js'
import { selectCases } from '../server/select-cases.js'
import type { Capability, ServerCaseInfo } from '../server/server-case.js'
import { EXIT, UsageError } from './exit-codes.js'
import { concludeRun, refuseUnwritable } from './conclude-run.js'
import { measureLongPoll, probeServer, type Probe } from './probe-server.js'
import { Progress } from './progress.js'
import { restartBy } from './restart-command.js'
import { ServerWatch } from './server-watch.js'
import { selectionOf, type ServerOptions } from './server-options.js'
import { parseHeader, parseTarget, type Target } from './target-url.js'
import type { Terminal } from './terminal.js'

/** Beyond this a run is worth a word about how to make it shorter. */
const LONG_MS = 5000

/** `ds-conformance server`: judges a running server and returns the exit code. */
export async function judgeServer(
  url: string | undefined,
  options: ServerOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const selected = selectOrRefuse(options)
  if (options.list === true) {
    terminal.out(listCases(selected))
    return EXIT.ok
  }
  if (url === undefined) throw new UsageError('which server? Give its URL, like http://localhost:4437')
  const target = parseTarget(url, options.basePath)
  const headers = Object.fromEntries((options.header ?? []).map(parseHeader))
  refuseUnwritable(options.output)
  const probe = await probeServer(target, headers, signal)
  if (signal.aborted) return EXIT.interrupted
  if (probe.kind !== 'ready') {
    terminal.err(`${explainProbe(probe, target)}\n`)
    return EXIT.unreachable
  }
  terminal.err(`${selected.length} cases on ${target.origin}${target.basePath}\n`)
  return runAndConclude(target, headers, selected, options, terminal, signal)
}

async function runAndConclude(
  target: Target,
  headers: Readonly<Record<string, string>>,
  selected: readonly ServerCaseInfo[],
  options: ServerOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const startedAt = new Date()
  const progress = new Progress(terminal, selected.length)
  const watch = new ServerWatch(signal, async () => {
    // A server that is being restarted is away for a reason.
    if (options.restartCommand !== undefined) return true
    return (await probeServer(target, headers, signal)).kind !== 'unreachable'
  })
  const cases = await executeServerCases({
    ...selectionOf(options),
    baseUrl: target.origin,
    basePath: target.basePath,
    headers,
    ...timesOf(options, selected, target, headers, terminal, watch.signal),
    ...restartOf(options, target),
    capabilities: capabilitiesOf(options),
    concurrency: options.concurrency,
    signal: watch.signal,
    beforeCase: () => watch.settled(),
    onCase: (one) => {
      progress.add(one)
      watch.note(one)
    },
    ...(options.knownFailures === undefined ? {} : { knownFailures: options.knownFailures }),
  })
  await watch.settled()
  progress.end()
  const subject = { kind: 'server', name: `${target.origin}${target.basePath}` } as const
  const exitCode = await concludeRun(subject, cases, startedAt, options, terminal, watch.signal)
  if (!watch.hasGone) return exitCode
  terminal.err(
    `The server at ${target.origin} does not answer any more, since about case ${watch.lastCase}.\n`,
  )
  return EXIT.unreachable
}

/** A selection that names nothing is a mistake, and one to notice before anything runs. */
function selectOrRefuse(options: ServerOptions): ServerCaseInfo[] {
  const all = listServerCases()
  try {
    selectCases(all, { only: options.knownFailures ?? [] })
    const selected = selectCases(all, selectionOf(options))
    if (selected.length > 0) return selected
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; --list shows all of them`)
  }
  throw new UsageError('no case is selected; --list without other options shows all of them')
}

function timesOf(
  { longPollTimeout, sseRecycle, bodyLimit, timeout }: ServerOptions,
  selected: readonly ServerCaseInfo[],
  target: Target,
  headers: Readonly<Record<string, string>>,
  terminal: Terminal,
  signal: AbortSignal,
): {
  readonly longPollTimeoutMs: number | Promise<number>
  readonly sseRecycleMs?: number
  readonly bodyLimitBytes?: number
  readonly caseTimeoutMs?: number
} {
  const isNeeded = longPollTimeout === undefined && selected.some((one) => one.slow === true)
  return {
    longPollTimeoutMs: isNeeded
      ? measureAndTell(target, headers, terminal, signal)
      : (longPollTimeout ?? LONG_MS),
    ...(sseRecycle === undefined ? {} : { sseRecycleMs: sseRecycle }),
    ...(bodyLimit === undefined ? {} : { bodyLimitBytes: bodyLimit }),
    ...(timeout === undefined ? {} : { caseTimeoutMs: timeout }),
  }
}

async function measureAndTell(
  target: Target,
  headers: Readonly<Record<string, string>>,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  terminal.err('Finding out how long the server holds a long-poll open; --long-poll-timeout MS skips this.\n')
  const durationMs = await measureLongPoll(target, headers, signal)
  if (durationMs > LONG_MS && !signal.aborted) {
    terminal.err(
      `  Long-polls last ${(durationMs / 1000).toFixed(1)} s; cases that wait for one take as long. ` +
        'Runs are quicker on a server that is set to about a second.\n',
    )
  }
  return durationMs
}

/** What can be done with any URL, and what the options say. */
function capabilitiesOf({
  sseRecycle,
  bodyLimit,
  restartCommand,
  capability = [],
}: ServerOptions): Capability[] {
  return [
    'socket',
    ...(sseRecycle === undefined ? [] : (['sse-recycle'] as const)),
    ...(bodyLimit === undefined ? [] : (['body-limit'] as const)),
    ...(restartCommand === undefined ? [] : (['restart'] as const)),
    ...capability,
  ]
}

function restartOf(
  { restartCommand }: ServerOptions,
  { origin }: Target,
): { readonly restart?: () => Promise<void> } {
  return restartCommand === undefined ? {} : { restart: () => restartBy(restartCommand, origin) }
}

function explainProbe(probe: Exclude<Probe, { kind: 'ready' }>, { origin, basePath }: Target): string {
  if (probe.kind === 'unreachable') return `No server answers at ${origin}: ${probe.reason}.`
  if (probe.status === 401 || probe.status === 403) {
    return `The server at ${origin} answers ${probe.status} to a PUT: say who you are with --header 'Authorization: ...'.`
  }
  return (
    `The server at ${origin} has no streams below ${basePath}: a PUT there answers ${probe.status}. ` +
    'Say where its streams are with --base-path, or as the path of the URL.'
  )
}

/** Cases as lines of id, level, what they need, and title. */
export function listCases(cases: readonly ServerCaseInfo[]): string {
  const rows = cases.map((one) => `${one.id}\t${one.level}\t${(one.needs ?? []).join(',')}\t${one.title}\n`)
  return rows.join('')
}
