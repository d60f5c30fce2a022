import { StoreError } from '@ds/core'
import { errorCodeOf } from './file-system.js'

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** A failure of the file system after which it is certain that nothing has changed. */
export function asStoreError(cause: unknown, message: string): StoreError {
  if (cause instanceof StoreError) return cause
  const code = NO_SPACE.has(errorCodeOf(cause) ?? '') ? 'full' : 'unavailable'
  const reason = cause instanceof Error ? `: ${cause.message}` : ''
  return new StoreError(code, message + reason, { cause })
}

/** Why something could not be looked up or begun; nothing has changed. */
export function asRefusal(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause
  const message = cause instanceof Error ? cause.message : 'the disk failed'
  return new StoreError('unavailable', message, { cause })
}
