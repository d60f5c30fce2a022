/** The longest time that timers take, in milliseconds: almost 25 days. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Options that are numbers: each as given, or as in `defaults` where it is undefined. All are whole, and neither negative
 * nor infinite: what a bound is made of must be one. Those whose names end in `Ms` are times that timers can take.
 *
 * @param given may have other properties, too; they are left out
 * @param mayBeZero the options for which zero has a meaning
 * @throws RangeError that names an option with another value, such as the NaN of a variable that is not set
 */
export function settleNumbers<T extends { readonly [name in keyof T]: number }>(
  given: { readonly [name in keyof T]?: number | undefined },
  defaults: T,
  mayBeZero: readonly (keyof T)[] = [],
): T {
  const settled: { [name in keyof T]: number } = { ...defaults }
  for (const name of Object.keys(defaults) as (keyof T & string)[]) {
    const value = given[name]
    if (value === undefined) continue
    const least = mayBeZero.includes(name) ? 0 : 1
    const most = name.endsWith('Ms') ? LONGEST_MS : Number.MAX_SAFE_INTEGER
    if (!Number.isInteger(value) || value < least || value > most) {
      throw new RangeError(`${name} is a whole number from ${least} to ${most}, not ${String(value)}`)
    }
    settled[name] = value
  }
  return settled as T
}

/**
 * An option that is one of a few texts: as given, or the first of `choices` where it is undefined.
 *
 * @throws RangeError that names the option if the value is none of them
 */
export function settleChoice<T extends string>(
  name: string,
  value: T | undefined,
  choices: readonly [T, ...T[]],
): T {
  if (value === undefined) return choices[0]
  if (choices.includes(value)) return value
  throw new RangeError(`${name} is ${choices.join(' or ')}, not ${value}`)
}
