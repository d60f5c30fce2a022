import { UsageError } from './exit-codes.js'

/** Where the server is, and what its stream paths begin with. */
export interface Target {
  readonly origin: string
  readonly basePath: string
}

const DEFAULT_BASE_PATH = '/v1/stream'

/** Reads `http://host:4437`, `host:4437` or a URL whose path is what stream paths begin with. */
export function parseTarget(text: string, basePath?: string): Target {
  const url = toUrl(text)
  const ownPath = url.pathname.replace(/\/+$/, '')
  if (url.search !== '' || url.hash !== '') throw new UsageError(`${text}: a query has no meaning here`)
  const path = basePath ?? (ownPath === '' ? DEFAULT_BASE_PATH : ownPath)
  if (!path.startsWith('/')) throw new UsageError(`the base path ${path} must begin with a slash`)
  return { origin: url.origin, basePath: path.replace(/\/+$/, '') }
}

function toUrl(text: string): URL {
  const full = /^https?:\/\//i.test(text) ? text : `http://${text}`
  if (/^[a-z]+:\/\//i.test(text) && full !== text) throw new UsageError(`${text} is no http or https URL`)
  if (!URL.canParse(full)) throw new UsageError(`${text} is no URL; give one like http://localhost:4437`)
  return new URL(full)
}

/** Reads `Name: value`, as curl does. */
export function parseHeader(text: string): readonly [name: string, value: string] {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*)$/.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new UsageError(`${text} is no header; give one like 'Authorization: Bearer abc'`)
  return [name, value]
}
