import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { judgeClient, type ClientOptions } from './client-command.js'
import { EXIT, UsageError } from './exit-codes.js'
import { judgeServer } from './server-command.js'
import {
  gather,
  parseCapability,
  parseLevel,
  parseReportFormat,
  parseSection,
  readKnownFailures,
  wholeNumber,
  type ServerOptions,
} from './server-options.js'
import { showSpec, type SpecOptions } from './spec-command.js'
import type { Terminal } from './terminal.js'
import { TOOL } from './tool-name.js'

const HOUR_MS = 3_600_000

const EXAMPLES = `
Examples:
  $ ds-conformance server http://localhost:4437
  $ ds-conformance server http://localhost:4437 --section 5.2.1 --section 5.3
  $ ds-conformance server https://streams.example.com/v1/stream --header 'Authorization: Bearer abc'
  $ ds-conformance server localhost:4437 --level must --report html --output report.html
  $ ds-conformance server --list --section 8
  $ ds-conformance client ./my-adapter

Exit codes:
  0  every MUST case passes (with --strict, every case), or fails as a list of known failures says
  1  a MUST case fails, or a listed failure passes
  2  the command line makes no sense
  3  nothing to judge: no server answers
  130  stopped by Ctrl-C`

const CLIENT_HELP = `
Options come before the adapter's command; what follows it is the adapter's own.
An adapter reads commands as JSON, one on a line, and answers each with one line; docs/client-adapters.md says how.

Examples:
  $ ds-conformance client ./my-adapter
  $ ds-conformance client --section 5.8 python3 adapter.py --verbose
  $ ds-conformance client --server http://localhost:4437 @ds/client`

const STORE_HELP = `A store is judged inside your own tests, because it is an object and no address:

  import { test } from 'vitest' // or from 'node:test'
  import { runStoreCases } from '@ds/conformance'
  import { MyStore } from './my-store.js'

  runStoreCases({ test, setup: async () => ({ store: new MyStore(), teardown: async () => {} }) })

The README of @ds/conformance and docs/writing-a-store.md say more.
`

/** Runs the command line and returns its exit code; it never rejects for what a user can do wrong. */
export async function runCommand(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  let exitCode: number = EXIT.ok
  const finish = (code: number): void => void (exitCode = code)
  try {
    await buildProgram(terminal, signal, finish).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (!(error instanceof UsageError)) throw error
    terminal.err(`ds-conformance: ${error.message}\n`)
    return EXIT.usage
  }
}

function buildProgram(terminal: Terminal, signal: AbortSignal, finish: (code: number) => void): Command {
  const output: OutputConfiguration = {
    writeOut: (text) => terminal.out(text),
    writeErr: (text) => terminal.err(text),
  }
  const program = new Command('ds-conformance')
    .description('Judges servers, clients and stores of the Durable Streams protocol.')
    .enablePositionalOptions()
    .version(TOOL.version)
    .configureOutput(output)
    .exitOverride()
    .showHelpAfterError('(--help says more)')
    .addHelpText('after', EXAMPLES)
  addServerCommand(program, terminal, signal, finish)
  addClientCommand(program, terminal, signal, finish)
  addSpecCommand(program, terminal, finish)
  addStoreCommand(program, terminal)
  return program
}

/** Options that mean the same for whatever is judged. */
export function addSharedOptions(command: Command): Command {
  return command
    .option('--section <number>', 'only this section and those below it; repeatable', gather(parseSection))
    .option('--level <level>', 'the weakest level that is run: must, should or may', parseLevel, 'MAY')
    .option('--case <id>', 'only this case; repeatable', gather(String))
    .option('--report <format>', 'write a report: html, junit or json', parseReportFormat)
    .option('--output <file>', 'where the report goes; standard output unless given')
    .option('--known-failures <file>', 'cases that must fail, one id a line', readKnownFailures)
    .option('--list', 'show the selected cases and run none')
    .option('--concurrency <n>', 'quick cases that run at once', wholeNumber(1, 64), 4)
    .option('--timeout <ms>', 'the most that one case may take', wholeNumber(1, HOUR_MS))
    .option('--strict', 'let SHOULD and MAY cases fail the run as well')
}

function addServerCommand(
  program: Command,
  terminal: Terminal,
  signal: AbortSignal,
  finish: (code: number) => void,
): void {
  const command = program
    .command('server')
    .description('run the server cases against a running server')
    .argument('[url]', 'its URL, like http://localhost:4437')
  addSharedOptions(command)
    .option("--header <'K: V'>", 'sent with every request; repeatable', gather(String))
    .option(
      '--base-path <path>',
      'what stream paths begin with (default: the path of the URL, or /v1/stream)',
    )
    .option(
      '--long-poll-timeout <ms>',
      'how long the server holds a long-poll open (default: it is measured)',
      wholeNumber(1, HOUR_MS),
    )
    .option('--sse-recycle <ms>', 'after how long it ends an SSE response', wholeNumber(1, HOUR_MS))
    .option('--body-limit <bytes>', 'the longest body that it takes', wholeNumber(1, 2 ** 31))
    .option('--restart-command <command>', 'restarts the server, so that it can be seen what lasts')
    .option(
      '--capability <name>',
      'what else can be tested: compression, subscriptions; repeatable',
      gather(parseCapability),
    )
    .addHelpText('after', EXAMPLES)
    .action(async (url: string | undefined, options: ServerOptions) =>
      finish(await judgeServer(url, options, terminal, signal)),
    )
}

function addClientCommand(
  program: Command,
  terminal: Terminal,
  signal: AbortSignal,
  finish: (code: number) => void,
): void {
  const command = program
    .command('client')
    .description('run the client cases on a client, through its adapter')
    .argument('[command...]', 'what starts the adapter; or @ds/client, or @durable-streams/client')
    .passThroughOptions()
  addSharedOptions(command)
    .option('--server <url>', 'a server for the cases that work with any (default: the scripted server)')
    .addHelpText('after', CLIENT_HELP)
    .action(async (words: readonly string[], options: ClientOptions) =>
      finish(await judgeClient(words, options, terminal, signal)),
    )
}

function addSpecCommand(program: Command, terminal: Terminal, finish: (code: number) => void): void {
  program
    .command('spec')
    .description('show what the specification says, and which cases check it')
    .option('--section <number>', 'only this section and those below it; repeatable', gather(parseSection))
    .option('--check', 'show what no case checks; exit code 1 if that is a MUST or a SHOULD without a reason')
    .action((options: SpecOptions) => finish(showSpec(options, terminal)))
}

/** Stores are objects of a JavaScript process: there is nothing that a command could connect to. */
function addStoreCommand(program: Command, terminal: Terminal): void {
  program
    .command('store')
    .description('how to run the store cases, which is a call in your tests')
    .action(() => terminal.out(STORE_HELP))
}
