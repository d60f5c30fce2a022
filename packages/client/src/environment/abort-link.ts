import { InvalidSignalError } from '../errors/durable-stream-error.js'

/** A controller that is aborted with any of the signals it follows. */
export interface LinkedAbort {
  readonly controller: AbortController
  readonly signal: AbortSignal
  /** Stops following. Without it, a long-lived signal would hold on to everything that ever followed it. */
  unlink(): void
}

/** `AbortSignal.any` is not everywhere yet, and cannot be undone. */
export function linkAbort(...sources: readonly (AbortSignal | undefined)[]): LinkedAbort {
  const controller = new AbortController()
  const followed = sources.filter((source) => source !== undefined)
  const abort = (event: Event): void => {
    controller.abort((event.target as AbortSignal | null)?.reason)
    unlink()
  }
  const unlink = (): void => {
    for (const source of followed) source.removeEventListener('abort', abort)
  }
  for (const source of followed) {
    if (typeof source.addEventListener !== 'function') throw new InvalidSignalError()
    if (source.aborted) controller.abort(source.reason)
    else source.addEventListener('abort', abort)
  }
  return { controller, signal: controller.signal, unlink }
}
