import type { MaybePromise, StoreErrorCode } from '@ds/core'
import { fail } from '../server/assertions.js'

/** Told by its code, as everywhere; the class may come from another copy of the core. */
export function isStoreError(error: unknown, code?: StoreErrorCode): boolean {
  if (!(error instanceof Error) || error.name !== 'StoreError' || !('code' in error)) return false
  return code === undefined
    ? ['unavailable', 'full', 'corrupt'].includes(error.code as string)
    : error.code === code
}

/** Carries something out that has to end, with an answer or a StoreError; tells the answer, or null. */
export async function answerOrStoreError<T>(what: string, work: () => MaybePromise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (isStoreError(error)) return null
    return fail(`${what} throws something else than a StoreError: ${String(error)}`)
  }
}
