import { usageError } from '../failures.js'

const DEFAULT_PATH = '/v1/stream'
const DEFAULT_BASE = `http://localhost:4437${DEFAULT_PATH}`

/** Where streams live: `origin` and `path`, such as `http://localhost:4437` and `/v1/stream`. */
export interface Base {
  readonly origin: string
  readonly path: string
}

/** A stream as the user named it, and its URL. */
export interface StreamTarget {
  readonly name: string
  readonly url: string
}

/**
 * Reads `--url` or STREAM_URL: with a path it is the base of all streams, without one they live at `/v1/stream`, as
 * they do on every standalone server. @see PROTOCOL §13.1
 */
export function parseBase(text: string | undefined): Base {
  const given = text === undefined || text === '' ? DEFAULT_BASE : text
  const url = toHttpUrl(given)
  if (url === null) {
    throw usageError(`${given} is no http or https URL`, 'give one like http://localhost:4437/v1/stream')
  }
  if (url.search !== '' || url.hash !== '') throw usageError(`the base URL ${given} must not have a query`)
  if (url.username !== '' || url.password !== '') {
    throw usageError('credentials do not belong into the URL', "use --auth 'Basic <base64>' or STREAM_AUTH")
  }
  const path = url.pathname.replace(/\/+$/, '')
  return { origin: url.origin, path: path === '' ? DEFAULT_PATH : path }
}

/** Finds a stream by its name below the base, its path on the server (`/v1/stream/x`), or its whole URL. */
export function findStream(name: string, base: Base): StreamTarget {
  if (/^https?:\/\//i.test(name)) {
    if (!URL.canParse(name)) throw usageError(`${name} is no URL`)
    return { name, url: new URL(name).href }
  }
  const prefix = `${base.path}/`
  const path = name.startsWith(prefix) ? name.slice(prefix.length) : name
  const segments = path.split('/')
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw usageError(
      `'${name}' names no stream`,
      'a name is text like chat/room-1, without empty parts, . and ..; or give the whole URL',
    )
  }
  return { name: path, url: `${base.origin}${prefix}${segments.map(encodeSegment).join('/')}` }
}

/** The path of a stream on its server, as `Stream-Forked-From` wants it. */
export function pathOf(url: string): string {
  return new URL(url).pathname
}

function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/%(40|3A|2C|2B|24|3D|26|3B)/g, (encoded) =>
    decodeURIComponent(encoded),
  )
}

function toHttpUrl(text: string): URL | null {
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(full)) return null
  const url = new URL(full)
  return url.protocol === 'http:' || url.protocol === 'https:' ? url : null
}
