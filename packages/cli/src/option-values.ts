import { InvalidArgumentError } from 'commander'

/** Parsers of option values; what they refuse is a usage error that names the option. */

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const LONGEST_MS = 2_147_483_647

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
  }
}

/** A span of time, `30` (seconds), `500ms`, `5m`, `1h` or `7d`, in milliseconds. */
export function durationMs(text: string): number {
  const [, digits, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text) ?? []
  const value = Number(digits) * UNIT_MS[unit]!
  if (digits !== undefined && value > 0 && value <= LONGEST_MS) return value
  throw new InvalidArgumentError('It is a span of time such as 30s, 500ms, 5m or 1h.')
}

/** A time to live in whole seconds, `3600`, `60m`, `1h` or `7d`. @see PROTOCOL §5.1 */
export function ttlSeconds(text: string): number {
  const [, digits, unit = 's'] = /^(\d+)(s|m|h|d)?$/.exec(text) ?? []
  const value = (Number(digits) * UNIT_MS[unit]!) / 1000
  if (digits !== undefined && value >= 1 && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('It is a number of seconds, or a span such as 60m, 1h or 7d.')
}

/** A number of bytes: `65536`, `512k`, `1m`. */
export function byteSize(least: number, most: number): (text: string) => number {
  const factor: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1_048_576 }
  return (text) => {
    const [, digits, unit = ''] = /^(\d+)([km]?)$/i.exec(text) ?? []
    const value = Number(digits) * factor[unit.toLowerCase()]!
    if (digits !== undefined && value >= least && value <= most) return value
    throw new InvalidArgumentError(`It is a number of bytes from ${least} to ${most}; k and m are units.`)
  }
}

/** One of several words. */
export function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text)
    if (choice !== undefined) return choice
    throw new InvalidArgumentError(`It is one of ${choices.join(', ')}.`)
  }
}

/** Repeats of an option gather. */
export function gather(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text]
}
