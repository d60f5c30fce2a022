import { DurableStreamError, StreamClosedError } from './durable-stream-error.js'
import type { DurableStreamErrorCode } from './error-codes.js'
import { STREAM_CLOSED_HEADER, STREAM_OFFSET_HEADER } from '../constants.js'
import { codeOfStatus } from './error-codes.js'

/** How much of an error's body is kept. */
const MAX_ERROR_TEXT = 16_384

/**
 * A request that was answered with an error (`status` tells which) or not at all (`status` is 0). It is a
 * `DurableStreamError` as well: `code` and `serverCode` tell what to do about it.
 */
export class FetchError extends DurableStreamError {
  declare status: number
  declare url: string
  /** The body of the answer, unless it was JSON. */
  declare text?: string
  /** The body of the answer, if it was JSON. */
  declare json?: object
  /** The headers of the answer, names in lower case. */
  headers: Record<string, string>

  constructor(
    status: number,
    text: string | undefined,
    json: object | undefined,
    headers: Record<string, string>,
    url: string,
    message?: string,
  ) {
    super(message ?? describe(status, url, text, json), codeOfStatus(status), status)
    this.name = 'FetchError'
    this.url = url
    this.headers = headers
    if (text !== undefined) this.text = text
    if (json !== undefined) this.json = json
    const serverCode = errorOf(json)?.code
    if (serverCode !== undefined) this.serverCode = serverCode
    this.details = json ?? text
  }

  /** Reads the body of an error answer and tells what it means. */
  static async fromResponse(response: Response, url: string): Promise<FetchError> {
    const body = await readErrorText(response)
    const headers: Record<string, string> = {}
    response.headers.forEach((value, name) => (headers[name.toLowerCase()] = value))
    const json = parseObject(body)
    return new this(response.status, json === undefined ? body : undefined, json, headers, url)
  }
}

/** A request that got no answer. Whether the server has acted on it is not known. */
export function networkError(
  url: string,
  cause: unknown,
  code: DurableStreamErrorCode = 'NETWORK',
): FetchError {
  const why = cause instanceof Error ? cause.message : String(cause)
  const error = new FetchError(0, undefined, undefined, {}, url, `no answer from ${url}: ${why}`)
  error.code = code
  error.cause = cause
  return error
}

/** The error for an answer, as precise as status, headers and the server's code allow. */
export async function errorFromResponse(
  response: Response,
  url: string,
  method: string,
): Promise<DurableStreamError> {
  const error = await FetchError.fromResponse(response, url)
  if (response.status !== 409) return error
  if (response.headers.get(STREAM_CLOSED_HEADER)?.toLowerCase() === 'true' && method === 'POST') {
    const closed = new StreamClosedError(url, response.headers.get(STREAM_OFFSET_HEADER) ?? undefined)
    if (error.serverCode !== undefined) closed.serverCode = error.serverCode
    return closed
  }
  error.code = conflictCode(method, error)
  return error
}

function conflictCode(method: string, error: FetchError): DurableStreamErrorCode {
  if (error.serverCode === 'CONTENT_TYPE_MISMATCH') return 'CONTENT_TYPE_MISMATCH'
  if (error.serverCode === 'STREAM_SEQ_REGRESSION') return 'CONFLICT_SEQ'
  return method === 'PUT' ? 'CONFLICT_EXISTS' : 'CONFLICT'
}

async function readErrorText(response: Response): Promise<string> {
  try {
    return (await response.text()).slice(0, MAX_ERROR_TEXT)
  } catch {
    return ''
  }
}

function parseObject(text: string): object | undefined {
  if (!text.trimStart().startsWith('{')) return undefined
  try {
    return JSON.parse(text) as object
  } catch {
    return undefined
  }
}

/** `{"error":{"code","message"}}`, or the fields at the top level as other servers have them. */
function errorOf(json: object | undefined): { code?: string; message?: string } | undefined {
  if (json === undefined) return undefined
  const inner = 'error' in json && typeof json.error === 'object' && json.error !== null ? json.error : json
  const { code, message } = inner as { code?: unknown; message?: unknown }
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof message === 'string' ? { message } : {}),
  }
}

function describe(status: number, url: string, text: string | undefined, json: object | undefined): string {
  const error = errorOf(json)
  const why = error?.message ?? text?.slice(0, 200) ?? ''
  const code = error?.code === undefined ? '' : ` (${error.code})`
  return `HTTP ${status}${code} from ${url}${why === '' ? '' : `: ${why}`}`
}
