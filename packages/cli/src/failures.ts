import { EXIT, type ExitCode } from './exit-codes.js'

/** A failure that this tool itself finds, with a stable code and what to do next. */
export class CliError extends Error {
  readonly code: string
  readonly exitCode: ExitCode
  /** What to do next, or null when the message says it all. */
  readonly hint: string | null

  constructor(
    code: string,
    message: string,
    options: { exitCode?: ExitCode; hint?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CliError'
    this.code = code
    this.exitCode = options.exitCode ?? EXIT.failed
    this.hint = options.hint ?? null
  }
}

/** The command line makes no sense. */
export function usageError(message: string, hint?: string): CliError {
  return new CliError('USAGE', message, { exitCode: EXIT.usage, ...(hint === undefined ? {} : { hint }) })
}

/** A signal asked to stop. Work that was begun is finished or left in a state that can be resumed. */
export class Interrupted extends Error {
  readonly exitCode: ExitCode

  constructor(signal: 'SIGINT' | 'SIGTERM') {
    super(`stopped by ${signal}`)
    this.name = 'Interrupted'
    this.exitCode = signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
  }
}

/** Whoever read our output has enough (EPIPE); that is no failure. */
export class OutputClosed extends Error {
  constructor() {
    super('the output was closed by its reader')
    this.name = 'OutputClosed'
  }
}
