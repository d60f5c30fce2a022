import { fileURLToPath } from 'node:url'
import { existsSync } from 'node:fs'
import { AdapterFault } from '../client/adapter-process.js'
import type { ClientCaseInfo } from '../client/client-case.js'
import { clientCases } from '../client/cases/index.js'
import { executeClientCases, selectClientCases } from '../client/execute-client-cases.js'
import { selectCases } from '../server/select-cases.js'
import { concludeRun, refuseUnwritable } from './conclude-run.js'
import { EXIT, UsageError } from './exit-codes.js'
import { probeServer } from './probe-server.js'
import { Progress } from './progress.js'
import { selectionOf, type SharedOptions } from './server-options.js'
import { parseTarget } from './target-url.js'
import type { Terminal } from './terminal.js'

/** Options of `ds-conformance client`. */
export interface ClientOptions extends SharedOptions {
  /** A server for the cases that work with any. */
  readonly server?: string
}

/** Client packages that need no adapter of their own. */
const KNOWN_PACKAGES: readonly string[] = ['@ds/client', '@durable-streams/client']

/** `ds-conformance client`: judges the client behind an adapter and returns the exit code. */
export async function judgeClient(
  command: readonly string[],
  options: ClientOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const selected = selectOrRefuse(options)
  if (options.list === true) {
    terminal.out(selected.map((one) => `${one.id}\t${one.section}\t${one.level}\t${one.title}\n`).join(''))
    return EXIT.ok
  }
  if (command.length === 0) throw new UsageError('which client? Give the command of its adapter')
  refuseUnwritable(options.output)
  const server = options.server === undefined ? undefined : parseTarget(options.server)
  if (server !== undefined && (await probeServer(server, {}, signal)).kind !== 'ready') {
    terminal.err(`No Durable Streams server answers at ${server.origin}${server.basePath}.\n`)
    return EXIT.unreachable
  }
  const startedAt = new Date()
  terminal.err(`${selected.length} cases by ${command.join(' ')}\n`)
  const progress = new Progress(terminal, selected.length)
  try {
    const { client, cases } = await executeClientCases({
      ...selectionOf(options),
      command: resolveCommand(command),
      concurrency: options.concurrency,
      signal,
      onCase: (one) => progress.add(one),
      ...(server === undefined ? {} : { serverUrl: server.origin }),
      ...(options.timeout === undefined ? {} : { caseTimeoutMs: options.timeout }),
      ...(options.knownFailures === undefined ? {} : { knownFailures: options.knownFailures }),
    })
    progress.end()
    const name = client === '' ? command.join(' ') : client
    return await concludeRun({ kind: 'client', name }, cases, startedAt, options, terminal, signal)
  } catch (error) {
    if (!(error instanceof AdapterFault)) throw error
    progress.end()
    if (signal.aborted) return EXIT.interrupted
    terminal.err(`${error.message}\n`)
    return EXIT.unreachable
  }
}

function selectOrRefuse(options: ClientOptions): ClientCaseInfo[] {
  try {
    selectCases(clientCases, { only: options.knownFailures ?? [] })
    const selected = selectClientCases(selectionOf(options))
    if (selected.length > 0) return selected
  } catch (error) {
    throw new UsageError(`${(error as Error).message}; --list shows all of them`)
  }
  throw new UsageError('no case is selected; --list without other options shows all of them')
}

/** A known package by its name, and a script by its file name, are run by this Node; anything else is a command. */
function resolveCommand([first = '', ...rest]: readonly string[]): readonly string[] {
  if (KNOWN_PACKAGES.includes(first)) {
    const adapter = ['../adapters/npm-client.mjs', '../../adapters/npm-client.mjs']
      .map((path) => fileURLToPath(new URL(path, import.meta.url)))
      .find((path) => existsSync(path))
    if (adapter === undefined) throw new UsageError('the adapters of this package are missing')
    return [process.execPath, adapter, first]
  }
  return /\.[cm]?js$/.test(first) ? [process.execPath, first, ...rest] : [first, ...rest]
}
