import { runCommand } from '../../src/command/program.js'

/** What a command wrote, and its exit code. */
export interface CommandResult {
  readonly exitCode: number
  readonly out: string
  readonly err: string
}

/** Runs a command line in this process. */
export async function runInMemory(
  args: readonly string[],
  signal: AbortSignal = new AbortController().signal,
): Promise<CommandResult> {
  let out = ''
  let err = ''
  const terminal = {
    out: (text: string) => void (out += text),
    err: (text: string) => void (err += text),
    isInteractive: false,
  }
  const exitCode = await runCommand(args, terminal, signal)
  return { exitCode, out, err }
}
