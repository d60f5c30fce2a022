import type { LiveRead } from '@ds/core'
import type { LiveSink } from './exchange.js'
import { LiveSessions } from './live-sessions.js'
import { SseSession } from './sse-session.js'
import { describe, expect, test, vi } from 'vitest'
import { nodeRuntime } from '../node/node-runtime.js'

const TIMES = { sseRecycleMs: 60_000, sseHeartbeatMs: 15_000, stallTimeoutMs: 30_000 }

/** A session whose clock is a number, whose client takes what `hasRoom` says, and whose ticks are calls. */
function createSession(): {
  session: SseSession
  sink: { [name in keyof LiveSink]: ReturnType<typeof vi.fn<LiveSink[name]>> }
  live: { [name in keyof LiveRead]: ReturnType<typeof vi.fn<LiveRead[name]>> }
  client: { hasRoom: boolean }
  tick: (nowMs: number) => void
} {
  const clock = { nowMs: 0 }
  const client = { hasRoom: true }
  const environment = { ...nodeRuntime.environment, schedule: () => () => undefined }
  const session = new SseSession(null, 0, TIMES, new LiveSessions(environment), () => clock.nowMs)
  const sink = {
    write: vi.fn<LiveSink['write']>(() => client.hasRoom),
    end: vi.fn<LiveSink['end']>(),
    destroy: vi.fn<LiveSink['destroy']>(),
  }
  const live = { resume: vi.fn<LiveRead['resume']>(), stop: vi.fn<LiveRead['stop']>() }
  session.attach(live)
  const tick = (nowMs: number): void => {
    clock.nowMs = nowMs
    session.onTick(nowMs)
  }
  return { session, sink, live, client, tick }
}

describe('SseSession', () => {
  test('the read begins when the response is open', () => {
    const { session, sink, live } = createSession()
    expect(live.resume).not.toHaveBeenCalled()
    session.open(sink)
    expect(live.resume).toHaveBeenCalledOnce()
  })

  test('silence is broken by comments', () => {
    const { session, sink, tick } = createSession()
    session.open(sink)
    tick(14_999)
    expect(sink.write).not.toHaveBeenCalled()
    tick(15_000)
    tick(16_000)
    tick(30_000)
    expect(sink.write.mock.calls.map(([chunk]) => Buffer.from(chunk).toString())).toEqual([':\n\n', ':\n\n'])
  })

  test('a client that takes nothing is cut off after the limit, and not ended as if all were well', () => {
    const { session, sink, live, client, tick } = createSession()
    session.open(sink)
    client.hasRoom = false
    tick(15_000)
    tick(44_999)
    expect(sink.destroy).not.toHaveBeenCalled()
    tick(45_000)
    expect(sink.destroy).toHaveBeenCalledOnce()
    expect(live.stop).toHaveBeenCalledOnce()
    expect(sink.end).not.toHaveBeenCalled()
  })

  test('a client that drains in time is served on', () => {
    const { session, sink, live, client, tick } = createSession()
    session.open(sink)
    client.hasRoom = false
    tick(15_000)
    client.hasRoom = true
    session.onDrain()
    expect(live.resume).toHaveBeenCalledTimes(2)
    tick(45_000)
    expect(sink.destroy).not.toHaveBeenCalled()
  })

  test('the connection is ended in good order when its time has come', () => {
    const { session, sink, live, tick } = createSession()
    session.open(sink)
    tick(59_999)
    expect(sink.end).not.toHaveBeenCalled()
    tick(60_000)
    expect(sink.end).toHaveBeenCalledOnce()
    expect(live.stop).toHaveBeenCalledOnce()
  })

  test.each([
    ['closed', 'end'],
    ['deleted', 'end'],
    ['stopped', 'end'],
    ['failed', 'destroy'],
  ] as const)('a read that ends because it is %s: %s', (reason, how) => {
    const { session, sink } = createSession()
    session.open(sink)
    session.end(reason)
    expect(sink.end.mock.calls.length + sink.destroy.mock.calls.length).toBe(1)
    expect(sink[how]).toHaveBeenCalledOnce()
  })

  test('a read that ends before the response is open ends it when it opens', () => {
    const { session, sink } = createSession()
    session.end('deleted')
    session.open(sink)
    expect(sink.end).toHaveBeenCalledOnce()
  })

  test('nothing is written after the client has left', () => {
    const { session, sink, live, tick } = createSession()
    session.open(sink)
    session.onClose()
    expect(live.stop).toHaveBeenCalledOnce()
    tick(15_000)
    session.end('deleted')
    expect(sink.write).not.toHaveBeenCalled()
    expect(sink.end).not.toHaveBeenCalled()
  })
})
