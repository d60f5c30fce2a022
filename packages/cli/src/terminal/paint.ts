/** Colours for words, or nothing at all. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  quiet(text: string): string
  strong(text: string): string
}

/** Colours on a terminal; none in files and pipes, or where NO_COLOR is set (https://no-color.org). */
export function createPaint(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  const isColoured = isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  const sgr = (code: number) => (text: string) => (isColoured ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { good: sgr(32), bad: sgr(31), warn: sgr(33), quiet: sgr(2), strong: sgr(1) }
}
