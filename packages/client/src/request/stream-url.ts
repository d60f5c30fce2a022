import { DURABLE_STREAM_PROTOCOL_QUERY_PARAMS } from '../constants.js'
import { MissingStreamUrlError, streamError } from '../errors/durable-stream-error.js'

/** The URL of a stream as a string; relative ones are resolved against the page. */
export function readStreamUrl(url: string | URL | undefined): string {
  if (url === undefined || url === '') throw new MissingStreamUrlError()
  const text = String(url)
  const base = (globalThis as { location?: { href?: string } }).location?.href
  try {
    return new URL(text, base).href
  } catch (cause) {
    throw streamError('MISSING_URL', `not a URL: ${text}`, { cause })
  }
}

/**
 * The URL of a request. Parameters are sorted by name, so that all clients ask caches in the same words; the
 * protocol's own cannot be overridden. @see PROTOCOL §10.1 (query parameter ordering)
 */
export function requestUrl(
  streamUrl: string,
  params: Readonly<Record<string, string>>,
  protocolParams: Readonly<Record<string, string>>,
): string {
  const url = new URL(streamUrl)
  for (const [name, value] of Object.entries(params)) {
    if (!DURABLE_STREAM_PROTOCOL_QUERY_PARAMS.includes(name)) url.searchParams.set(name, value)
  }
  for (const [name, value] of Object.entries(protocolParams)) url.searchParams.set(name, value)
  url.searchParams.sort()
  return url.href
}
