import { streamError } from './errors/durable-stream-error.js'

/**
 * Options: each as given, or as in `defaults` where it is undefined.
 *
 * @throws `INVALID_OPTION` for a number that is negative or NaN, with which no wait and no bound would be one
 */
export function withDefaults<D extends object, T extends object>(defaults: D, options: T | undefined): D & T {
  const complete = { ...defaults } as Record<string, unknown>
  for (const [name, value] of Object.entries<unknown>(options ?? {})) {
    if (value === undefined) continue
    if (typeof value === 'number' && !(value >= 0)) {
      throw streamError('INVALID_OPTION', `the option ${name} cannot be ${value}`)
    }
    complete[name] = value
  }
  return complete as D & T
}
