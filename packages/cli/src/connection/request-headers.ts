import { usageError } from '../failures.js'

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)$/

/** The headers of every request, from `--header` and from `--auth` or STREAM_AUTH. */
export function readHeaders(
  lines: readonly string[],
  auth: string | undefined,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {}
  if (auth !== undefined && auth.trim() !== '') headers['authorization'] = authorizationOf(auth.trim())
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined) {
      throw usageError(`'${line}' is no header`, "give one like --header 'X-Tenant: acme'")
    }
    headers[name.toLowerCase()] = value
  }
  return headers
}

/** A value with a scheme (`Basic …`) is sent as it is; a single word is a token. */
function authorizationOf(value: string): string {
  return /\s/.test(value) ? value : `Bearer ${value}`
}
