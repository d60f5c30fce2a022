import type { StreamAck, StreamPath, SubscriptionConfig } from '@ds/core'
import {
  LEASE_TTL_MS,
  MAX_PATTERN_LENGTH,
  MAX_PATTERN_SEGMENTS,
  MAX_SUBSCRIPTION_ID_LENGTH,
  isReservedPath,
  parseStreamPath,
} from '@ds/core'
import { Refusal } from '../http/errors.js'

/** The longest body of a request to the control API, in bytes. */
export const MAX_CONTROL_BODY_BYTES: number = 1 << 20
const MAX_STREAMS = 10_000
const MAX_ACKS = 10_000
const MAX_DESCRIPTION_LENGTH = 4_096
const MAX_WORKER_LENGTH = 256
/** Encoded, an id is part of a stream's path in the store. */
const MAX_ENCODED_ID_LENGTH = 900
// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL_CHARACTER = /[\x00-\x1f\x7f]/

type Json = Readonly<Record<string, unknown>>

/** A worker's report, as it stands in the body. */
export interface WakeReport {
  readonly wakeId: string
  readonly generation: number
  readonly acks: readonly StreamAck[]
  readonly done: boolean
}

/** Reads a subscription's id from its segment of the raw path. Throws a {@link Refusal}. */
export function parseSubscriptionId(segment: string, maxLength: number): string {
  const parsed = parseStreamPath(segment, maxLength)
  if (!parsed.ok || parsed.path.includes('/')) throw invalid('the subscription id is no plain path segment')
  const id: string = parsed.path
  if (id.length > MAX_SUBSCRIPTION_ID_LENGTH || encodeURIComponent(id).length > MAX_ENCODED_ID_LENGTH)
    throw invalid(`a subscription id has at most ${MAX_SUBSCRIPTION_ID_LENGTH} characters`)
  return id
}

/** Reads a JSON object. Throws a {@link Refusal}. */
export function parseJsonObject(body: Uint8Array): Json {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw invalid('the body is not valid JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('the body is not a JSON object')
  return value as Json
}

/** Reads the configuration of a subscription into its normal form. Throws a {@link Refusal}. @see PROTOCOL §6.2 */
export function parseConfig(json: Json, maxPathLength: number): SubscriptionConfig {
  const type = json['type']
  if (type !== 'webhook' && type !== 'pull-wake') throw invalid('type is webhook or pull-wake')
  if (isPresent(json['filter'])) throw invalid('filters are not supported')
  const pattern = isPresent(json['pattern']) ? parsePatternText(json['pattern']) : null
  const streams = isPresent(json['streams']) ? parsePaths(json['streams'], maxPathLength) : []
  if (pattern === null && streams.length === 0) throw invalid('a subscription needs a pattern or streams')
  return {
    type,
    pattern,
    streams,
    webhookUrl: type === 'webhook' ? parseWebhookUrl(json['webhook']) : null,
    wakeStream: type === 'pull-wake' ? parsePath(json['wake_stream'], 'wake_stream', maxPathLength) : null,
    leaseTtlMs: parseLease(json['lease_ttl_ms']),
    description: parseDescription(json['description']),
  }
}

/** Reads the body of a request that adds streams. Throws a {@link Refusal}. @see PROTOCOL §6.4 */
export function parseStreams(json: Json, maxPathLength: number): readonly StreamPath[] {
  return parsePaths(json['streams'], maxPathLength)
}

/** Reads a stream's path from the rest of a URL, in which slashes may be encoded. Throws a {@link Refusal}. */
export function parseEncodedPath(raw: string, maxPathLength: number): StreamPath {
  try {
    return parsePath(decodeURIComponent(raw), 'the stream', maxPathLength)
  } catch (error) {
    throw error instanceof URIError ? invalid('the stream is not valid percent-encoded UTF-8') : error
  }
}

/** Reads the name of a worker that claims. Throws a {@link Refusal}. @see PROTOCOL §7.2 */
export function parseWorker(json: Json): string {
  const worker = json['worker']
  if (typeof worker !== 'string' || worker === '' || worker.length > MAX_WORKER_LENGTH)
    throw invalid(`worker is a name of 1 to ${MAX_WORKER_LENGTH} characters`)
  return worker
}

/** Reads a callback, an ack or a release. Throws a {@link Refusal}. @see PROTOCOL §7.1, §7.2 */
export function parseReport(json: Json, maxPathLength: number): WakeReport {
  const { wake_id: wakeId, generation, acks, done } = json
  if (typeof wakeId !== 'string') throw invalid('wake_id is missing')
  if (!Number.isSafeInteger(generation)) throw invalid('generation is no whole number')
  if (isPresent(done) && typeof done !== 'boolean') throw invalid('done is true or false')
  return {
    wakeId,
    generation: generation as number,
    acks: isPresent(acks) ? parseAcks(acks, maxPathLength) : [],
    done: done === true,
  }
}

function parseAcks(value: unknown, maxPathLength: number): StreamAck[] {
  if (!Array.isArray(value) || value.length > MAX_ACKS) throw invalid(`acks is a list of at most ${MAX_ACKS}`)
  return value.map((ack: unknown) => {
    const { stream, offset } = (typeof ack === 'object' && ack !== null ? ack : {}) as Json
    if (typeof offset !== 'string') throw invalid('an ack has a stream and an offset')
    return { path: parsePath(stream, 'the stream of an ack', maxPathLength), offset }
  })
}

/** Sorted, each once: what configurations are compared by. */
function parsePaths(value: unknown, maxPathLength: number): StreamPath[] {
  if (!Array.isArray(value) || value.length > MAX_STREAMS)
    throw invalid(`streams is a list of at most ${MAX_STREAMS} paths`)
  const paths = value.map((path: unknown) => parsePath(path, 'a stream', maxPathLength))
  return [...new Set(paths)].sort()
}

/** A path in a body is not percent-encoded. Slashes at its ends do not matter. */
function parsePath(value: unknown, what: string, maxPathLength: number): StreamPath {
  if (typeof value !== 'string') throw invalid(`${what} is no path`)
  const parsed = parseStreamPath(encodePath(trimSlashes(value)), maxPathLength)
  if (!parsed.ok) throw invalid(`${what} is no path of a stream`)
  if (isReservedPath(parsed.path)) throw invalid(`${what} is a reserved path`)
  return parsed.path
}

function encodePath(path: string): string {
  try {
    return path.split('/').map(encodeURIComponent).join('/')
  } catch {
    // Half of a surrogate pair.
    return ''
  }
}

function parsePatternText(value: unknown): string {
  const pattern = typeof value === 'string' ? trimSlashes(value) : ''
  if (pattern === '' || pattern.length > MAX_PATTERN_LENGTH || CONTROL_CHARACTER.test(pattern))
    throw invalid(`pattern is a glob of 1 to ${MAX_PATTERN_LENGTH} characters`)
  const segments = pattern.split('/')
  if (segments.length > MAX_PATTERN_SEGMENTS)
    throw invalid(`a pattern has at most ${MAX_PATTERN_SEGMENTS} segments`)
  if (segments.includes('')) throw invalid('pattern has an empty segment')
  return pattern
}

function parseWebhookUrl(value: unknown): string {
  const url = typeof value === 'object' && value !== null ? (value as Json)['url'] : undefined
  if (typeof url !== 'string' || url === '') throw invalid('a webhook subscription needs webhook.url')
  return url
}

function parseLease(value: unknown): number {
  if (!isPresent(value)) return LEASE_TTL_MS.default
  const { least, most } = LEASE_TTL_MS
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most)
    throw invalid(`lease_ttl_ms is a whole number from ${least} to ${most}`)
  return value as number
}

function parseDescription(value: unknown): string | null {
  if (!isPresent(value)) return null
  if (typeof value !== 'string' || value.length > MAX_DESCRIPTION_LENGTH)
    throw invalid(`description is a text of at most ${MAX_DESCRIPTION_LENGTH} characters`)
  return value
}

function trimSlashes(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && text[from] === '/') from++
  while (to > from && text[to - 1] === '/') to--
  return text.slice(from, to)
}

/** What is null is as if it were left out. */
function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

function invalid(message: string): Refusal {
  return new Refusal('INVALID_REQUEST', message)
}
