/** Reads a list of known failures: one case id a line, `#` begins a comment. */
export function parseKnownFailures(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.split('#', 1)[0]?.trim() ?? '')
    .filter((id) => id !== '')
}
