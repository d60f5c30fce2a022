import { describe, expect, it } from 'vitest'
import { MemoryStore } from './memory-store.js'
import { changeOf, idOf, pathOf, put, recordOf, write } from '../test/changes.js'

const a = pathOf('a')

describe('a watch', () => {
  it('is woken by creation, change, replacement and removal of its stream, and by nothing else', () => {
    const store = new MemoryStore()
    let wakes = 0
    store.watch(a, () => wakes++)
    const steps: (() => void)[] = [
      () => write(store, 'a', ''),
      () => write(store, 'a', 'x'),
      () => put(store, 'a', changeOf(recordOf({ streamId: idOf('t') }))),
      () => put(store, 'a', changeOf(null)),
    ]
    steps.forEach((step, i) => {
      step()
      expect(wakes).toBe(i + 1)
    })
    write(store, 'b', 'x')
    store.touch(pathOf('b'), idOf('b1'), 5)
    expect(wakes).toBe(4)
  })

  it('finds the change when it looks', () => {
    const store = new MemoryStore()
    const tails: (number | undefined)[] = []
    store.watch(a, () => tails.push(store.load(a, [])?.record.tail))
    write(store, 'a', '')
    write(store, 'a', 'xyz')
    put(store, 'a', changeOf(null))
    expect(tails).toEqual([0, 3, undefined])
  })

  it('that has ended is not woken, not even by the change under way', () => {
    const store = new MemoryStore()
    const woken: string[] = []
    const unwatch: (() => void)[] = []
    unwatch.push(
      store.watch(a, () => {
        woken.push('first')
        unwatch[1]!()
      }),
    )
    unwatch.push(store.watch(a, () => woken.push('second')))
    unwatch.push(store.watch(a, () => woken.push('third')))
    write(store, 'a', '')
    expect(woken).toEqual(['first', 'third'])
    for (const end of unwatch) {
      end()
      end()
    }
    write(store, 'a', 'x')
    expect(woken).toEqual(['first', 'third'])
  })

  it('may end itself when it is woken', () => {
    const store = new MemoryStore()
    let wakes = 0
    const unwatch = store.watch(a, () => {
      wakes++
      unwatch()
    })
    write(store, 'a', '')
    write(store, 'a', 'x')
    expect(wakes).toBe(1)
  })

  it('is one of its own, even if it calls the same as another', () => {
    const store = new MemoryStore()
    let wakes = 0
    const wake = (): void => {
      wakes++
    }
    const first = store.watch(a, wake)
    const second = store.watch(a, wake)
    first()
    write(store, 'a', '')
    expect(wakes).toBe(1)
    second()
    write(store, 'a', 'x')
    expect(wakes).toBe(1)
  })

  it('that begins while others are woken waits for the next change', () => {
    const store = new MemoryStore()
    let wakes = 0
    store.watch(a, () => undefined)
    const again = (): void => {
      if (++wakes > 100) return
      unwatch()
      unwatch = store.watch(a, () => again())
    }
    let unwatch = store.watch(a, () => again())
    write(store, 'a', '')
    expect(wakes).toBe(1)
    write(store, 'a', 'x')
    expect(wakes).toBe(2)
  })

  it('outlives its stream, and begins before it', () => {
    const store = new MemoryStore()
    let wakes = 0
    store.watch(a, () => wakes++)
    write(store, 'a', '')
    put(store, 'a', changeOf(null))
    write(store, 'a', '')
    expect(wakes).toBe(3)
  })

  it('is over when the store is closed, and ending it is still fine', () => {
    const store = new MemoryStore()
    let wakes = 0
    const unwatch = store.watch(a, () => wakes++)
    store.close()
    write(store, 'a', '')
    unwatch()
    expect(wakes).toBe(0)
  })
})
