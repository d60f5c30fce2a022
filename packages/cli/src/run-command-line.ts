import { CommanderError } from 'commander'
import { EXIT } from './exit-codes.js'
import { explainFailure, type Failure } from './explain-failure.js'
import { Interrupted, OutputClosed } from './failures.js'
import { buildProgram } from './program.js'
import type { Host } from './terminal/host.js'
import { createPaint } from './terminal/paint.js'

/** Runs a command line and returns its exit code; never rejects. */
export async function runCommandLine(args: readonly string[], host: Host): Promise<number> {
  let exitCode: number = EXIT.ok
  try {
    await buildProgram(host, (code) => (exitCode = code)).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (thrown) {
    const error = host.signal.aborted ? (host.signal.reason as unknown) : thrown
    if (error instanceof OutputClosed) return EXIT.ok
    if (error instanceof Interrupted) return error.exitCode
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    const failure = explainFailure(error)
    host.err(wantsJson(args) ? formatJson(failure) : formatText(failure, host))
    return failure.exitCode
  }
}

/** The options may be what is wrong, so they are looked at as text. */
function wantsJson(args: readonly string[]): boolean {
  return args.some(
    (arg, i) =>
      /^(--output=|-o=?)json$/.test(arg) || (arg === 'json' && /^(--output|-o)$/.test(args[i - 1] ?? '')),
  )
}

function formatText({ message, code, serverCode, hint }: Failure, host: Host): string {
  const paint = createPaint(host.isErrTerminal, host.env)
  const named = serverCode ?? code
  const codes = message.includes(named) || code === 'USAGE' ? '' : ` (${named})`
  const advice = hint === undefined ? '' : `    ${hint}\n`
  return `${paint.bad('ds:')} ${message}${codes}\n${advice}`
}

function formatJson({ exitCode, ...error }: Failure): string {
  return `${JSON.stringify({ error: { ...error, exitCode } })}\n`
}
