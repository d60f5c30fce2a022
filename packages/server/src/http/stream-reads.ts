import type { Environment, OffsetRequest, ReadPage, StreamEngine, StreamPath } from '@ds/core'
import type { HandlerSettings } from './options.js'
import type { HttpReply, HttpRequest } from './exchange.js'
import type { LiveSessions } from './live-sessions.js'
import type { PageReplies } from './read-replies.js'
import type { ReadQuery } from './target.js'
import type { Wait, WaitOutcome } from './long-poll.js'
import { ClientGone } from './exchange.js'
import { HEADER, nextCursor, parseOffsetRequest } from '@ds/core'
import { SseSession } from './sse-session.js'
import { bare, position, replyToAbsence, replyToReadRefusal } from './replies.js'
import { errorReply } from './errors.js'
import { waitForData } from './long-poll.js'

/** What reads need of the handler. */
export interface ReadContext {
  readonly engine: StreamEngine
  readonly environment: Environment
  readonly settings: HandlerSettings
  readonly pages: PageReplies
  readonly sessions: LiveSessions
  readonly random: () => number
}

/** A catch-up read. @see PROTOCOL §5.6 */
export async function readOnce(
  context: ReadContext,
  request: HttpRequest,
  path: StreamPath,
  query: ReadQuery,
): Promise<HttpReply> {
  const outcome = await context.engine.read(path, query.offset)
  if (outcome.kind !== 'page') return replyToReadRefusal(outcome)
  const options = { cursor: null, isNow: query.offset?.kind === 'now', nowMs: context.environment.now() }
  return context.pages.reply(request, outcome, options)
}

/** A read that waits when there is nothing yet. @see PROTOCOL §5.7 */
export async function readLongPoll(
  context: ReadContext,
  request: HttpRequest,
  path: StreamPath,
  query: ReadQuery,
): Promise<HttpReply> {
  const { engine, environment, settings } = context
  const client: { isGone: boolean; wait?: Wait } = { isGone: false }
  request.onAbort(() => {
    client.isGone = true
    client.wait?.cancel()
  })
  const first = await engine.read(path, query.offset)
  if (first.kind !== 'page') return replyToReadRefusal(first)
  if (first.to > first.from || first.closed) return replyToPoll(context, request, query, first)
  const from = parseOffsetRequest(first.next)!
  const wait = waitForData(engine, environment, path, from, settings.longPollTimeoutMs)
  client.wait = wait
  if (client.isGone) wait.cancel()
  return replyAfterWait(context, request, path, query, { first, from, waited: await wait.outcome })
}

/** A read that stays open. @see PROTOCOL §5.8 */
export async function readSse(context: ReadContext, path: StreamPath, query: ReadQuery): Promise<HttpReply> {
  const { engine, environment, settings, sessions } = context
  const now = (): number => environment.now()
  const session = new SseSession(query.cursor, context.random(), settings, sessions, now)
  const outcome = await engine.follow(path, query.offset, session)
  if (outcome.kind !== 'following') return replyToReadRefusal(outcome)
  session.attach(outcome.live)
  const headers = [
    HEADER.contentType,
    'text/event-stream',
    'cache-control',
    'no-cache',
    'x-accel-buffering',
    'no',
  ]
  if (outcome.stream.kind === 'binary') headers.push(HEADER.sseDataEncoding, 'base64')
  return { status: 200, headers, body: session }
}

interface EndedWait {
  readonly first: ReadPage
  readonly from: OffsetRequest
  readonly waited: WaitOutcome
}

async function replyAfterWait(
  context: ReadContext,
  request: HttpRequest,
  path: StreamPath,
  query: ReadQuery,
  { first, from, waited }: EndedWait,
): Promise<HttpReply> {
  switch (waited.kind) {
    case 'batch': {
      const { batch } = waited
      const page = { ...first, ...pageOf(batch), upToDate: batch.reachesTail, closed: batch.closed }
      return replyToPoll(context, request, query, page)
    }
    case 'timeout':
    case 'stopped':
    case 'deleted': {
      const last = await context.engine.read(path, from)
      if (last.kind !== 'page') return replyToReadRefusal(last)
      // Another stream may be here by now, and the start of one is the start of the other.
      if (last.stream.streamId !== first.stream.streamId) return replyToAbsence('not-found')
      return replyToPoll(context, request, query, last)
    }
    case 'cancelled':
      throw new ClientGone()
    case 'failed':
      return errorReply('UNAVAILABLE', 'the store failed while the request waited')
    case 'not-found':
    case 'gone':
    case 'offset-invalid':
    case 'offset-gone':
      return replyToReadRefusal(waited)
  }
}

function replyToPoll(
  context: ReadContext,
  request: HttpRequest,
  query: ReadQuery,
  page: ReadPage,
): HttpReply | Promise<HttpReply> {
  const nowMs = context.environment.now()
  const cursor = nextCursor(nowMs, query.cursor, context.random())
  if (page.to > page.from) {
    return context.pages.reply(request, page, { cursor, isNow: query.offset?.kind === 'now', nowMs })
  }
  const headers = [
    ...position(page.next, page.closed),
    HEADER.streamUpToDate,
    'true',
    'cache-control',
    'no-store',
  ]
  if (!page.closed) headers.push(HEADER.streamCursor, String(cursor))
  return bare(204, headers)
}

function pageOf(batch: {
  from: number
  to: number
  next: ReadPage['next']
  pieces: ReadPage['pieces']
}): Pick<ReadPage, 'from' | 'to' | 'next' | 'pieces'> {
  const { from, to, next, pieces } = batch
  return { from, to, next, pieces }
}
