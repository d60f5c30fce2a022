import type { Step } from './stage-server.js'
import { sseHeaders } from './stage-reads.js'
import { StageStream } from './stage-stream.js'
import { applyPost } from './stage-writes.js'

/** Answers with a status of one's own. */
export function answer(status: number, headers: Record<string, string> = {}, body = ''): Step {
  return ({ response }) => void response.writeHead(status, headers).end(body)
}

/** Cuts the connection before any answer. */
export const drop: Step = ({ response }) => void response.destroy()

/** Does what a POST asks for, and cuts the connection instead of saying so. */
export const applyAndDrop: Step = ({ request, response, stream }) => {
  if (stream !== undefined) applyPost(stream, request)
  response.destroy()
}

/** Waits before it answers as it should. */
export function delay(durationMs: number): Step {
  return async ({ honestly }) => {
    await pause(durationMs)
    await honestly()
  }
}

/** Announces a whole body and sends only its beginning. */
export function truncate(body: string, headers: Record<string, string>, sentBytes: number): Step {
  return async ({ response }) => {
    const bytes = Buffer.from(body)
    response.writeHead(200, { ...headers, 'Content-Length': String(bytes.length) })
    response.write(bytes.subarray(0, sentBytes))
    await pause(30)
    response.destroy()
  }
}

/** Sends a body in small pieces with pauses between them. */
export function trickle(
  body: string | Buffer,
  headers: Record<string, string>,
  { pieceBytes = 1, everyMs = 2 }: { readonly pieceBytes?: number; readonly everyMs?: number } = {},
): Step {
  return async ({ response }) => {
    const bytes = Buffer.from(body)
    response.writeHead(200, headers)
    for (let at = 0; at < bytes.length && !response.destroyed; at += pieceBytes) {
      response.write(bytes.subarray(at, at + pieceBytes))
      await pause(everyMs)
    }
    response.end()
  }
}

/** Sends the text of an SSE response, and then ends it, cuts it, or leaves it open. */
export function sse(
  text: string | Buffer,
  {
    then = 'end',
    headers = {},
  }: { readonly then?: 'end' | 'cut' | 'hold'; readonly headers?: Record<string, string> } = {},
): Step {
  return async ({ response, stream = new StageStream() }) => {
    response.writeHead(200, { ...sseHeaders(stream), ...headers })
    response.write(text)
    if (then === 'end') response.end()
    if (then !== 'cut') return
    await pause(30)
    response.destroy()
  }
}

export function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs))
}
