/** What the exit code of `ds-conformance` says. */
export const EXIT = {
  /** Everything came out as it must, or as a list of known failures said. */
  ok: 0,
  /** A MUST case failed (with `--strict` a case of any level), or a listed failure passes. */
  failed: 1,
  /** The command line made no sense. */
  usage: 2,
  /** Nothing to judge: no server, or no adapter, answered. */
  unreachable: 3,
  /** Stopped by Ctrl-C or SIGTERM. */
  interrupted: 130,
} as const

/** The command line made no sense; the message says why. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
}
