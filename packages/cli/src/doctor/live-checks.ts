import { formatMs } from '../terminal/quantities.js'
import { fail, ok, warn, type Finding } from './finding.js'
import type { Probe } from './probe.js'

/** How long a request gets to reach the server before something is appended. */
const HEAD_START_MS = 200
const SLOW_MS = 1_000

/** Whether a long-poll waits, and ends when there is something. @see PROTOCOL §5.7 */
export async function checkLongPoll(probe: Probe): Promise<Finding> {
  const tail = await probe.tail()
  const patience = AbortSignal.timeout(probe.patienceMs + HEAD_START_MS)
  try {
    const waiting = probe
      .open({ query: { offset: tail, live: 'long-poll' } }, patience)
      .then(async (response) => ({
        status: response.status,
        text: await response.text(),
        at: performance.now(),
      }))
    waiting.catch(() => undefined)
    const early = await Promise.race([waiting, delay(HEAD_START_MS)])
    if (early !== null) {
      return fail(
        'long-poll',
        `it did not wait: ${early.status}`,
        'something on the way answers in place of the server, or cuts long requests off',
      )
    }
    const appendedAt = performance.now()
    await probe.append('to a long-poll')
    const { status, text, at } = await waiting
    if (status !== 200 || text !== 'to a long-poll')
      return fail(
        'long-poll',
        `it ended with ${status} and without the data`,
        'look into the log of the server',
      )
    return ok('long-poll', `delivered ${formatMs(at - appendedAt)} after the append`)
  } catch {
    return fail(
      'long-poll',
      `nothing was delivered within ${probe.patienceMs / 1000} s`,
      'something on the way holds the answer back: turn response buffering off',
    )
  }
}

/** Whether SSE events arrive when they are sent, and not when a proxy's buffer is full. @see PROTOCOL §5.8 */
export async function checkSse(probe: Probe): Promise<Finding> {
  const tail = await probe.tail()
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), 2 * probe.patienceMs)
  try {
    const response = await probe.open({ query: { offset: tail, live: 'sse' } }, stop.signal)
    const type = response.headers.get('content-type') ?? 'none'
    if (response.status !== 200 || !type.startsWith('text/event-stream') || response.body === null) {
      return warn(
        'sse',
        `it is answered with ${response.status} and ${type}`,
        'clients fall back to long-poll, which costs a request for each delivery',
      )
    }
    const events = response.body.pipeThrough(new TextDecoderStream()).getReader()
    if (!(await waitForText(events, 'event: control', probe.patienceMs)))
      return buffered(probe, 'the first event did not come')
    const appendedAt = performance.now()
    await probe.append('to an event stream')
    if (!(await waitForText(events, 'to an event stream', probe.patienceMs)))
      return buffered(probe, 'an append was not delivered')
    const took = performance.now() - appendedAt
    if (took > SLOW_MS)
      return warn(
        'sse',
        `delivered ${formatMs(took)} after the append`,
        'something on the way holds events back for a while: turn response buffering off',
      )
    return ok('sse', `delivered ${formatMs(took)} after the append`)
  } catch {
    return buffered(probe, 'no event came')
  } finally {
    clearTimeout(timer)
    stop.abort()
  }
}

function buffered(probe: Probe, what: string): Finding {
  return fail(
    'sse',
    `${what} within ${probe.patienceMs / 1000} s`,
    'something on the way buffers events: turn that off for text/event-stream (nginx: proxy_buffering off), and compression of it, too',
  )
}

/** Whether a text comes in time. What was read goes on being searched, as chunks may cut it. */
async function waitForText(
  events: ReadableStreamDefaultReader<string>,
  text: string,
  patienceMs: number,
): Promise<boolean> {
  const deadline = delay(patienceMs)
  let seen = ''
  for (;;) {
    const next = await Promise.race([events.read(), deadline])
    if (next === null || next.done) return false
    seen = (seen + next.value).slice(-16_384)
    if (seen.includes(text)) return true
  }
}

function delay(ms: number): Promise<null> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(null), ms).unref()
  })
}
