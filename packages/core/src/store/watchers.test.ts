import { describe, expect, it } from 'vitest'
import type { StreamPath } from '../protocol/branded.js'
import { Watchers } from './watchers.js'

const path = 'a' as StreamPath

describe('watchers', () => {
  it('are woken by their own path', () => {
    const watchers = new Watchers()
    const woken: string[] = []
    watchers.add(path, () => woken.push('a'))
    watchers.add('b' as StreamPath, () => woken.push('b'))
    watchers.wake(path)
    watchers.wake('c' as StreamPath)
    expect(woken).toEqual(['a'])
  })

  it('are each their own, though they have one function, and end once', () => {
    const watchers = new Watchers()
    let calls = 0
    const wake = (): void => {
      calls++
    }
    const endFirst = watchers.add(path, wake)
    const endSecond = watchers.add(path, wake)
    endFirst()
    endFirst()
    watchers.wake(path)
    expect(calls).toBe(1)
    endSecond()
    const endThird = watchers.add(path, wake)
    endSecond()
    watchers.wake(path)
    expect(calls).toBe(2)
    endThird()
    watchers.wake(path)
    expect(calls).toBe(2)
  })

  it('may be ended and added from within a wake-up', () => {
    const watchers = new Watchers()
    const woken: number[] = []
    const ends = [0, 1, 2].map((i) =>
      watchers.add(path, () => {
        woken.push(i)
        for (const end of ends) end()
        watchers.add(path, () => woken.push(9))
      }),
    )
    watchers.wake(path)
    expect(woken).toEqual([0])
    watchers.wake(path)
    expect(woken).toEqual([0, 9])
  })

  it('are silent once all are ended', () => {
    const watchers = new Watchers()
    const woken: number[] = []
    watchers.add(path, () => {
      woken.push(0)
      watchers.clear()
    })
    watchers.add(path, () => woken.push(1))
    watchers.wake(path)
    watchers.wake(path)
    expect(woken).toEqual([0])
  })
})
