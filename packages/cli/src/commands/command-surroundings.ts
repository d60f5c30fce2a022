import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.js'
import type { Session } from '../session.js'
import type { Host } from '../terminal/host.js'

/** What every command is added with. */
export interface CommandSurroundings {
  readonly host: Host
  /** Runs a command with the settings of its options; what it returns is the exit code, 0 if nothing. */
  // `void` is what commands return that have nothing to say about it.
  // eslint-disable-next-line @typescript-eslint/no-invalid-void-type
  readonly start: (command: Command, run: (session: Session) => Promise<ExitCode | void>) => Promise<void>
}

/** Examples at the end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`
}
