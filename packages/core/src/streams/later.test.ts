import type { Listener } from './later.js'
import { describe, expect, it, test, vi } from 'vitest'
import { Later, tell } from './later.js'

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

describe('whoever is told', () => {
  const hear = (): { heard: unknown[]; listener: Listener<number> } => {
    const heard: unknown[] = []
    return {
      heard,
      listener: { onValue: (value) => heard.push(value), onError: (error) => heard.push(error) },
    }
  }

  it('hears of a value or an error in the moment in which it is there, or at once', () => {
    const { heard, listener } = hear()
    const [good, bad, early] = [new Later<number>(), new Later<number>(), new Later<number>()]
    early.resolve(3)
    tell(good, listener)
    tell(bad, listener)
    expect(heard).toEqual([])
    good.resolve(1)
    bad.reject('no')
    tell(early, listener)
    expect(heard).toEqual([1, 'no', 3])
  })

  it('hears of what becomes of a promise', async () => {
    const { heard, listener } = hear()
    tell(Promise.resolve(1), listener)
    tell(Promise.reject(new Error('no')), listener)
    await Promise.resolve()
    expect(heard).toEqual([1, new Error('no')])
  })

  it('is the only one', () => {
    const { heard, listener } = hear()
    const later = new Later<number>()
    tell(later, listener)
    expect(() => tell(later, listener)).toThrow('one listener')
    expect(() => later.then(vi.fn())).toThrow('one listener')
    later.resolve(1)
    expect(heard).toEqual([1])
  })
})
