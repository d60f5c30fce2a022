import { streamError } from '../errors/durable-stream-error.js'
import type { MaybePromise } from '../request/dynamic-values.js'

/** Something that keeps strings by key, such as a Map. */
export interface KeyValueStorage {
  get(key: string): MaybePromise<string | null | undefined>
  set(key: string, value: string): unknown
}

/** Something that keeps strings by key, such as localStorage or React Native's AsyncStorage. */
export interface ItemStorage {
  getItem(key: string): MaybePromise<string | null | undefined>
  setItem(key: string, value: string): unknown
}

/** Where offsets and producer states are kept between runs. */
export type OffsetStorage = KeyValueStorage | ItemStorage

/** One key of a storage. Failures are errors with the code `STORAGE_FAILED`. */
export interface StoredValue {
  load(): Promise<string | null>
  save(value: string): Promise<void>
}

export function storedValue(storage: OffsetStorage, key: string): StoredValue {
  return {
    load: () =>
      guard('read', key, async () => {
        const value = await ('get' in storage ? storage.get(key) : storage.getItem(key))
        return value ?? null
      }),
    save: (value) =>
      guard('write', key, async () => {
        await ('set' in storage ? storage.set(key, value) : storage.setItem(key, value))
      }),
  }
}

async function guard<T>(what: string, key: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    throw streamError('STORAGE_FAILED', `the storage did not ${what} ${key}`, { cause })
  }
}
