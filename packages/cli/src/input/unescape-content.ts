const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\' }

/**
 * `\n`, `\t`, `\r` and `\\` in content that is given as an argument, where shells make the real ones awkward. JSON
 * has its own escapes and is left alone.
 */
export function unescapeContent(text: string): string {
  return text.replace(/\\([ntr\\])/g, (_escape, letter: string) => ESCAPES[letter]!)
}
