import type { StreamStore } from '@ds/core'
import { MemoryStore } from '@ds/store-memory'

type Gated = 'load' | 'commit'
type Call = (...args: unknown[]) => unknown

/** A memory store whose loads or commits wait at a gate while it is shut, like those of a store over a slow wire. */
export interface GatedStore extends StreamStore {
  readonly gate: Gate
}

/** What calls wait at. */
export class Gate {
  /** How many calls wait. */
  waiting = 0
  #shut: Gated | null = null
  #isOpen: Promise<void> = Promise.resolve()
  #open: () => void = () => undefined

  shut(what: Gated): void {
    this.#shut = what
    this.#isOpen = new Promise((resolve) => (this.#open = resolve))
  }

  open(): void {
    this.#shut = null
    this.#open()
  }

  pass(what: string, act: () => unknown): unknown {
    if (this.#shut !== what) return act()
    this.waiting++
    return this.#isOpen.then(() => {
      this.waiting--
      return act()
    })
  }
}

export function createGatedStore(): GatedStore {
  const gate = new Gate()
  const store = new MemoryStore()
  return new Proxy(store, {
    get(_target, name: keyof StreamStore | 'gate') {
      if (name === 'gate') return gate
      if (name === 'capabilities') return { ...store.capabilities, immediate: false }
      const member: unknown = Reflect.get(store, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]) => gate.pass(name, () => (member as Call).apply(store, args))
    },
  }) as unknown as GatedStore
}
