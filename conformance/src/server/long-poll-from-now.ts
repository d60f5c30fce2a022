import type { CaseContext } from './case-context.js'
import type { Exchange } from './exchange.js'
import type { TestStream } from './test-stream.js'

/** How long the request gets to arrive before the write, in parts of the server's long-poll time-out. */
const SHORT_HEAD_START = 0.1
const LONGER_HEAD_STARTS = [0.3, 0.5] as const

/** A long-poll, and the write that is to wake it. */
export interface WokenLongPoll {
  readonly answer: Exchange
  /** The stream's tail after the write. */
  readonly tail: string
}

/**
 * Opens a long-poll for `now`, and writes once it should be waiting. Unlike one from an offset, a request for `now`
 * that arrives after the write has missed it, and rightly times out with 204. That proves nothing, so it is done
 * again on a new stream and with a longer head start; a server that does not wake its readers answers 204 each time.
 */
export async function longPollFromNow(
  ctx: CaseContext,
  create: () => Promise<TestStream>,
  write: (stream: TestStream) => Promise<string>,
): Promise<WokenLongPoll> {
  const attempt = async (headStart: number): Promise<WokenLongPoll> => {
    const stream = await create()
    const waiting = stream.longPoll('now')
    await ctx.sleep(headStart * ctx.longPollTimeoutMs)
    const tail = await write(stream)
    return { answer: await waiting, tail }
  }
  let woken = await attempt(SHORT_HEAD_START)
  for (const headStart of LONGER_HEAD_STARTS) {
    if (woken.answer.status === 204) woken = await attempt(headStart)
  }
  return woken
}
