import { expect, test, vi } from 'vitest'
import { Later } from './later.js'

test('the listener is called in the moment in which the value is there', () => {
  const later = new Later<number>()
  const told = vi.fn()
  later.then((value) => value + 1).then(told)
  expect(told).not.toHaveBeenCalled()
  later.resolve(1)
  expect(told).toHaveBeenCalledExactlyOnceWith(2)
})

test('a listener that comes late is called at once', () => {
  const later = new Later<number>()
  later.resolve(1)
  const told = vi.fn()
  later.then(told)
  expect(told).toHaveBeenCalledExactlyOnceWith(1)
})

test('a second listener is refused, and the first is told', async () => {
  const later = new Later<number>()
  const told = vi.fn()
  later.then(told)
  expect(() => later.then(told)).toThrow('one listener')
  await expect(Promise.resolve(later)).rejects.toThrow('one listener')
  later.resolve(3)
  expect(told).toHaveBeenCalledExactlyOnceWith(3)
  expect(await later).toBe(3)
})

test('the first outcome stands', () => {
  const later = new Later<number>()
  const told = vi.fn()
  const failed = vi.fn()
  later.then(told, failed)
  later.resolve(1)
  later.resolve(2)
  later.reject(new Error('late'))
  expect(told).toHaveBeenCalledExactlyOnceWith(1)
  expect(failed).not.toHaveBeenCalled()
})

test('it can be awaited', async () => {
  const later = new Later<number>()
  setImmediate(() => later.resolve(7))
  expect(await later.then((value) => Promise.resolve(value * 2))).toBe(14)
})

test.each([
  [
    'is thrown',
    (): never => {
      throw new Error('no')
    },
  ],
  ['is the outcome of a promise', () => Promise.reject(new Error('no'))],
])('an error that %s passes by those who listen for values only', async (_how, act) => {
  const later = new Later<number>()
  const told = vi.fn()
  const answer = later
    .then(act)
    .then(told)
    .then(null, (error: unknown) => (error as Error).message)
  later.resolve(1)
  expect(await answer).toBe('no')
  expect(told).not.toHaveBeenCalled()
})
