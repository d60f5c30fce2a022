import type { HandlerSettings } from './options.js'
import type { OffsetRequest, StreamPath } from '@ds/core'
import { PARAM, isReservedPath, parseCursor, parseOffsetRequest, parseStreamPath } from '@ds/core'
import { Refusal } from './errors.js'

/** A request's path and query, taken apart but not yet judged. */
export interface Target {
  readonly path: string
  readonly query: string
}

/** The parameters of a read. @see PROTOCOL §5.6 to §5.8 */
export interface ReadQuery {
  /** Null when the request had none. */
  readonly offset: OffsetRequest | null
  readonly live: 'long-poll' | 'sse' | null
  /** Null when the request had none, or one that no server made. */
  readonly cursor: number | null
}

const EXPLAIN_PATH = {
  empty: 'the path names no stream',
  encoding: 'the path is not valid percent-encoded UTF-8',
  segment: 'the path has an empty segment, a dot segment or an encoded slash',
  character: 'the path has a control character or a backslash',
  'too-long': 'the path is too long',
} as const

/** From this length on, in characters, a query is worth being rid of. */
const LONG_QUERY = 256

const ABSOLUTE_FORM = /^https?:\/\/[^/?#\\]*(.*)$/i

/**
 * The path and query of a request line's target, which may also be a whole URL. They are cut out of it as they
 * stand, because a URL parser would normalise them. RFC 9112 §3.2.2
 */
export function toOriginForm(target: string): string {
  if (target.startsWith('/')) return target
  const rest = ABSOLUTE_FORM.exec(target)?.[1]
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

export function splitTarget(target: string): Target {
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: '' }
  const query = target.slice(mark + 1)
  const path = target.slice(0, mark)
  return { path: query.length > LONG_QUERY ? ownCopy(path) : path, query }
}

/** Engines cut strings out as references into the whole. Stores keep paths, and with them would keep a long query. */
function ownCopy(path: string): string {
  return path.split('').join('')
}

/** The stream that a path means; null when the path is not below the base path. Throws a {@link Refusal}. */
export function resolveStreamPath(path: string, settings: HandlerSettings): StreamPath | null {
  const { basePath } = settings
  if (!path.startsWith(basePath) || path[basePath.length] !== '/') return null
  const raw = path.slice(basePath.length + 1)
  if (raw === '') return null
  const parsed = parseStreamPath(raw, settings.maxPathLength)
  if (!parsed.ok) {
    throw new Refusal(
      parsed.refusal === 'too-long' ? 'URI_TOO_LONG' : 'INVALID_PATH',
      EXPLAIN_PATH[parsed.refusal],
    )
  }
  if (isReservedPath(parsed.path)) throw new Refusal('NOT_FOUND', 'nothing is served at this reserved path')
  return parsed.path
}

/** Reads the query of a GET; parameters that it does not know do not matter. Throws a {@link Refusal}. */
export function parseReadQuery(query: string): ReadQuery {
  if (query === '') return { offset: null, live: null, cursor: null }
  const params = new URLSearchParams(query)
  const offsets = params.getAll(PARAM.offset)
  const live = params.get(PARAM.live)
  if (offsets.length > 1) throw new Refusal('INVALID_OFFSET', 'offset is given more than once')
  if (live !== null && live !== 'long-poll' && live !== 'sse') {
    throw new Refusal('INVALID_LIVE_MODE', 'live is long-poll or sse')
  }
  const text = offsets[0]
  const offset = text === undefined ? null : parseOffsetRequest(text)
  if (text !== undefined && offset === null)
    throw new Refusal('INVALID_OFFSET', 'offset is no offset of a stream')
  if (offset === null && live !== null) throw new Refusal('MISSING_OFFSET', `live=${live} needs an offset`)
  const cursor = params.get(PARAM.cursor)
  return { offset, live, cursor: cursor === null ? null : parseCursor(cursor) }
}
