import type { RootDatabase } from 'lmdb'
import { StoreError } from '@ds/core'
import { statfs } from 'node:fs/promises'

/** A transaction that fails on a disk with less room than this does so for want of it. */
const LEAST_ROOM_BYTES = 32 << 20

/** A transaction that may have been committed, or may still be. */
export class UnknownOutcome extends Error {}

/**
 * Resolves with what `run` returned, once that is on the disk; rejects with a StoreError or {@link UnknownOutcome}.
 * Transactions that are asked for while one is under way share the next one, and its sync.
 */
export async function transact<T>(env: RootDatabase, timeoutMs: number, run: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnknownOutcome('the disk does not answer')), timeoutMs)
  })
  try {
    // A child, so that what throws half way is taken back, and nothing else of the transaction that it shares.
    const committed = env.childTransaction(run).catch((error: unknown) => toFault(env, error))
    return await Promise.race([committed, overdue])
  } finally {
    clearTimeout(timer)
  }
}

async function toFault(env: RootDatabase, error: unknown): Promise<never> {
  // A commit that fails tells why by another promise, whose rejection has to be caught as well.
  const { commitError } = error as { commitError?: Promise<unknown> }
  const cause: unknown = await Promise.resolve(commitError).catch((why: unknown) => why)
  const { bavail, bsize } = await statfs((env as unknown as { path: string }).path)
  if (bavail * bsize < LEAST_ROOM_BYTES) throw new StoreError('full', 'the disk is full', { cause })
  if (commitError !== undefined) throw new UnknownOutcome('the commit failed', { cause })
  throw new StoreError('unavailable', 'the transaction failed', { cause: error })
}
