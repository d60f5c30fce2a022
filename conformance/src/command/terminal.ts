/** Where a command writes. Reports go to `out` unless a file is named; all that is said meanwhile goes to `err`. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** True when lines on `err` can be overwritten and coloured. */
  readonly isInteractive: boolean
}

export interface Paint {
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  quiet(text: string): string
}

/** Colours for a terminal, and nothing at all for a file or where NO_COLOR is set. */
export function paintFor(terminal: Terminal): Paint {
  const isColoured = terminal.isInteractive && (process.env['NO_COLOR'] ?? '') === ''
  const sgr = (code: number) => (text: string) => (isColoured ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { good: sgr(32), bad: sgr(31), warn: sgr(33), quiet: sgr(2) }
}

/** The terminal of this process. */
export function processTerminal(): Terminal {
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
  }
}
