import type { Readable } from 'node:stream'
import type { StandardOutput } from './standard-output.js'

/** What the process gives a command: its streams, its environment, and when to stop. */
export interface Host {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly out: StandardOutput
  /** Messages for people, never data. */
  readonly err: (text: string) => void
  /** True when lines on standard error can be overwritten and coloured. */
  readonly isErrTerminal: boolean
  readonly isOutTerminal: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted with `Interrupted` by the first signal, and with `OutputClosed` when nobody reads the output. */
  readonly signal: AbortSignal
}
