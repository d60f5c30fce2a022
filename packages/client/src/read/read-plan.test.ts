import { describe, expect, test } from 'vitest'
import { judgeAnswer, nextTransport } from './read-plan.js'
import type { Content, LiveMode, ReadPosition, TailReport, Transport } from './read-plan.js'

const at = (offset: string, more: Partial<ReadPosition> = {}): ReadPosition => ({
  offset,
  cursor: '1',
  upToDate: true,
  closed: false,
  ...more,
})
const says = (next: string, more: Partial<TailReport> = {}): TailReport => ({
  next,
  cursor: '2',
  upToDate: true,
  closed: false,
  ...more,
})

describe('judgeAnswer', () => {
  test.each<[string, ReadPosition, TailReport, Content, string]>([
    ['data after the position', at('5'), says('7'), 'data', 'accept'],
    ['a page in the middle', at('5'), says('7', { upToDate: false }), 'data', 'accept'],
    ['data that ends where it began', at('5'), says('5'), 'data', 'stale'],
    ['data from before', at('5'), says('3'), 'data', 'stale'],
    ['nothing, from before', at('5'), says('3'), 'none', 'stale'],
    ['a move without data', at('5'), says('7'), 'none', 'gap'],
    ['a closing move without data', at('5'), says('7', { closed: true }), 'none', 'gap'],
    ['a move over no messages', at('5'), says('7'), 'empty-array', 'accept'],
    ['a wait that ran out', at('5'), says('5'), 'none', 'nothing'],
    ['the news of being up to date', at('5', { upToDate: false }), says('5'), 'none', 'accept'],
    ['the news of closure', at('5'), says('5', { closed: true }), 'none', 'accept'],
    ['no end and no move', at('5'), says('5', { upToDate: false }), 'none', 'stale'],
    ['the start of an empty stream', at('-1', { upToDate: false }), says('0'), 'none', 'accept'],
    ['the tail, when that was asked for', at('now', { upToDate: false }), says('3'), 'none', 'accept'],
  ])('%s', (_, from, report, content, verdict) => {
    expect(judgeAnswer(from, report, content).kind).toBe(verdict)
  })

  test('a cursor stays until there is a newer one', () => {
    expect(judgeAnswer(at('5'), says('7', { cursor: null }), 'data')).toMatchObject({
      position: { cursor: '1' },
    })
  })
})

describe('nextTransport', () => {
  const json = { contentType: 'application/json; charset=utf-8', sseWorks: true }
  const text = { contentType: 'text/plain', sseWorks: true }
  const behind = at('5', { upToDate: false })
  test.each<[string, ReadPosition, LiveMode, Transport, typeof json, Transport | null]>([
    ['history is read page by page', behind, true, 'catch-up', json, 'catch-up'],
    ['a plain read ends at the tail', at('5'), false, 'catch-up', json, null],
    ['every read ends with the stream', at('5', { closed: true }), true, 'sse', json, null],
    ['JSON is followed by SSE', at('5'), true, 'catch-up', json, 'sse'],
    ['all else by long-poll', at('5'), true, 'catch-up', text, 'long-poll'],
    ['unless SSE is asked for', at('5'), 'sse', 'catch-up', text, 'sse'],
    ['or long-poll', at('5'), 'long-poll', 'catch-up', json, 'long-poll'],
    ['or SSE does not work here', at('5'), 'sse', 'sse', { ...json, sseWorks: false }, 'long-poll'],
    ['a long page of SSE goes on', behind, true, 'sse', json, 'sse'],
  ])('%s', (_, position, live, current, limits, next) => {
    expect(nextTransport(position, live, current, limits)).toBe(next)
  })
})
