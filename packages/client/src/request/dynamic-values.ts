/** A value, or a promise of one. */
export type MaybePromise<T> = T | Promise<T>

/**
 * Headers of every request. A function is called for each request, so that it can give a token that has been
 * renewed meanwhile.
 */
export type HeadersRecord = Record<string, string | (() => MaybePromise<string>)>

/** Query parameters of every request; functions as in `HeadersRecord`. `undefined` leaves a parameter out. */
export type ParamsRecord = Record<string, string | (() => MaybePromise<string>) | undefined>

/** The values of this moment. Names keep their spelling; `undefined` is left out. */
export async function resolveValues(record: ParamsRecord): Promise<Record<string, string>> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined)
  const resolved = await Promise.all(
    entries.map(
      async ([name, value]) => [name, typeof value === 'function' ? await value() : value] as const,
    ),
  )
  return Object.fromEntries(resolved) as Record<string, string>
}

/** Header names are the same in any letter case: the last one wins. */
export function mergeHeaders<T>(...records: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const merged: Record<string, T> = {}
  for (const record of records) {
    for (const [name, value] of Object.entries(record)) merged[name.toLowerCase()] = value
  }
  return merged
}

/** Whether asking again may give other values. */
export function isDynamic(record: ParamsRecord): boolean {
  return Object.values(record).some((value) => typeof value === 'function')
}
