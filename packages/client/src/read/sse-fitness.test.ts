import { afterEach, expect, test, vi } from 'vitest'
import { ManualClock } from '../../test/manual-clock.js'
import { SseFitness } from './sse-fitness.js'

afterEach(() => vi.restoreAllMocks())

test('three connections in a row that end at once are enough, and ten minutes later there is another chance', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined)
  const clock = new ManualClock()
  const sse = new SseFitness(clock)
  expect([sse.ended(clock.now()), sse.ended(clock.now())]).toEqual([75, 150])
  expect(sse.works).toBe(true)
  expect(sse.ended(clock.now())).toBe(0)
  expect(sse.works).toBe(false)
  expect(warn).toHaveBeenCalledOnce()
  clock.advance(600_000)
  expect(sse.works).toBe(true)
})

test('a connection that lasts makes up for short ones', () => {
  const clock = new ManualClock()
  const sse = new SseFitness(clock, { logWarnings: false })
  for (let i = 0; i < 5; i++) {
    sse.ended(clock.now())
    sse.ended(clock.now())
    const openedAt = clock.now()
    clock.advance(1_000)
    expect(sse.ended(openedAt)).toBe(0)
  }
  expect(sse.works).toBe(true)
})
