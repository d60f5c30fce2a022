import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../test/manual-clock.js'
import { Watchdog } from './watchdog.js'

function createWatchdog(): { clock: ManualClock; watchdog: Watchdog; onDeath: ReturnType<typeof vi.fn> } {
  const clock = new ManualClock()
  const onDeath = vi.fn()
  return { clock, onDeath, watchdog: new Watchdog(clock, 30_000, onDeath) }
}

test('a connection that says nothing for too long is dead', () => {
  const { clock, watchdog, onDeath } = createWatchdog()
  watchdog.start()
  clock.advance(29_999)
  expect(onDeath).not.toHaveBeenCalled()
  clock.advance(1)
  expect(onDeath).toHaveBeenCalledExactlyOnceWith('idle')
})

test('a sign of life starts the time anew', () => {
  const { clock, watchdog, onDeath } = createWatchdog()
  for (let i = 0; i < 10; i++) {
    watchdog.start()
    clock.advance(20_000)
    watchdog.stop()
  }
  expect(onDeath).not.toHaveBeenCalled()
})

test('a connection from before a sleep of the device is dead as soon as it wakes', () => {
  const { clock, watchdog, onDeath } = createWatchdog()
  watchdog.start()
  clock.advance(2_000)
  clock.sleep(20_000)
  clock.advance(0)
  expect(onDeath).toHaveBeenCalledExactlyOnceWith('slept')
})

test('nobody is judged while nobody waits', () => {
  const { clock, watchdog, onDeath } = createWatchdog()
  watchdog.start()
  watchdog.stop()
  clock.sleep(100_000)
  clock.advance(100_000)
  expect(onDeath).not.toHaveBeenCalled()
})

test('a pause leaves the timer of a body that comes in many pieces alone', () => {
  const { clock, watchdog, onDeath } = createWatchdog()
  for (let i = 0; i < 100; i++) {
    watchdog.start()
    clock.advance(10)
    watchdog.pause()
  }
  expect(clock.delays).toHaveLength(1)
  clock.advance(100_000)
  expect(onDeath).not.toHaveBeenCalled()
  watchdog.start()
  clock.advance(30_000)
  expect(onDeath).toHaveBeenCalledExactlyOnceWith('idle')
})
