import type { ServerResponse } from 'node:http'
import { H } from '../../server/wire-names.js'
import type { StageStream } from './stage-stream.js'

/** Held open no longer than this without anything happening. */
const SSE_LIFE_MS = 20_000
const BASE64_LINE = 76

/** The protocol's cursors count intervals; those of the stage only have to rise. */
let cursors = 1000

export function nextCursor(): string {
  cursors += 1
  return String(cursors)
}

/** Answers a GET as the protocol says. */
export async function answerRead(
  stream: StageStream,
  query: URLSearchParams,
  response: ServerResponse,
): Promise<void> {
  const offset = query.get('offset')
  const live = query.get('live')
  const from = stream.positionOf(offset)
  if (from === null || (live !== null && offset === null)) {
    response.writeHead(400).end('malformed offset')
    return
  }
  if (live === 'sse') await answerSse(stream, from, response)
  else if (live === 'long-poll') await answerLongPoll(stream, from, response)
  else answerCatchUp(stream, from, response)
}

function answerCatchUp(stream: StageStream, from: number, response: ServerResponse): void {
  const to = Math.min(stream.chunks.length, from + stream.pageChunks)
  const body = stream.render(from, to)
  response.writeHead(200, { ...readHeaders(stream, to), ETag: `"${from}-${to}-${stream.closed}"` }).end(body)
}

async function answerLongPoll(stream: StageStream, from: number, response: ServerResponse): Promise<void> {
  if (from === stream.chunks.length && !stream.closed) await stream.change(stream.longPollMs)
  const to = stream.chunks.length
  const cursor = stream.closed ? {} : { [H.cursor]: nextCursor() }
  const headers = { ...readHeaders(stream, to), ...cursor }
  if (from === to) response.writeHead(204, headers).end()
  else response.writeHead(200, headers).end(stream.render(from, to))
}

function readHeaders(stream: StageStream, to: number): Record<string, string> {
  const isAtEnd = to === stream.chunks.length
  return {
    [H.contentType]: stream.contentType,
    [H.nextOffset]: stream.offsetOf(to),
    ...(isAtEnd ? { [H.upToDate]: 'true' } : {}),
    ...(isAtEnd && stream.closed ? { [H.closed]: 'true' } : {}),
  }
}

async function answerSse(stream: StageStream, from: number, response: ServerResponse): Promise<void> {
  response.writeHead(200, sseHeaders(stream))
  const endsAt = Date.now() + SSE_LIFE_MS
  for (let position = from; ;) {
    const to = stream.chunks.length
    const isOver = stream.closed
    response.write(renderBatch(stream, position, to))
    position = to
    if (isOver || response.destroyed || Date.now() > endsAt) break
    if (stream.chunks.length === to) await stream.change(endsAt - Date.now())
  }
  response.end()
}

/** The head of an SSE response. */
export function sseHeaders(stream: StageStream): Record<string, string> {
  return {
    [H.contentType]: 'text/event-stream',
    'Cache-Control': 'no-cache',
    ...(stream.isText ? {} : { [H.sseEncoding]: 'base64' }),
  }
}

/** One data event for a range, if it holds anything, and its control event. */
export function renderBatch(stream: StageStream, from: number, to: number): string {
  const control = {
    streamNextOffset: stream.offsetOf(to),
    ...(stream.closed && to === stream.chunks.length
      ? { streamClosed: true, upToDate: true }
      : { streamCursor: nextCursor(), ...(to === stream.chunks.length ? { upToDate: true } : {}) }),
  }
  return (from === to ? '' : renderData(stream, from, to)) + renderControl(control)
}

/** A data event. */
export function renderData(stream: StageStream, from: number, to: number): string {
  const body = stream.render(from, to)
  const lines = stream.isText
    ? body.toString().split('\n')
    : (body.toString('base64').match(new RegExp(`.{1,${BASE64_LINE}}`, 'g')) ?? [''])
  return `event: data\n${lines.map((line) => `data:${line.startsWith(' ') ? ' ' : ''}${line}\n`).join('')}\n`
}

/** A control event. */
export function renderControl(fields: Readonly<Record<string, unknown>>): string {
  return `event: control\ndata:${JSON.stringify(fields)}\n\n`
}
