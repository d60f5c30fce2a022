import { type Command, Option } from 'commander'
import { type Base, parseBase } from './connection/stream-target.js'
import { readHeaders } from './connection/request-headers.js'
import { durationMs, gather, oneOf, wholeNumber } from './option-values.js'

/** The options that every command takes, as commander gives them. */
export interface GlobalOptions {
  readonly url?: string
  readonly auth?: string
  readonly header?: readonly string[]
  readonly timeout: number
  readonly retry?: number
  readonly output: 'text' | 'json'
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly progress: boolean
}

/** {@link GlobalOptions} and the environment, read. */
export interface Settings {
  readonly base: Base
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Retries of a request whose failure may pass; null for each command's own default. */
  readonly retries: number | null
  readonly isJson: boolean
  readonly isQuiet: boolean
  readonly isVerbose: boolean
  readonly mayShowProgress: boolean
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('-u, --url <url>', 'where streams live (STREAM_URL; default http://localhost:4437/v1/stream)')
    .option('--auth <value>', "a token, or a whole value such as 'Basic abc' (STREAM_AUTH)")
    .option("-H, --header <'K: V'>", 'send this with every request; repeatable', gather)
    .addOption(
      new Option('--timeout <time>', 'how long to wait for an answer')
        .argParser(durationMs)
        .default(30_000, '30s'),
    )
    .option('--retry <n>', 'how often to try again what may pass', wholeNumber(0, 1000))
    .addOption(
      new Option('-o, --output <form>', 'text, or json for scripts')
        .argParser(oneOf(['text', 'json']))
        .default('text'),
    )
    .option('-q, --quiet', 'say nothing but data and errors')
    .option('-v, --verbose', 'tell of every request')
    .option('--no-progress', 'no progress bar, also on a terminal')
}

export function readSettings(
  options: GlobalOptions,
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  return {
    base: parseBase(options.url ?? env['STREAM_URL']),
    headers: readHeaders(options.header ?? [], options.auth ?? env['STREAM_AUTH']),
    timeoutMs: options.timeout,
    retries: options.retry ?? null,
    isJson: options.output === 'json',
    isQuiet: options.quiet === true,
    isVerbose: options.verbose === true,
    mayShowProgress: options.progress,
  }
}
