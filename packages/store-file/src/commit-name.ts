/** Longer numbers could not be told apart. */
const MOST_DIGITS = 15

/**
 * Takes the names of commits apart. Writers number their commits and put the same before all of the numbers; kept as one
 * text and a number, a name does not make the garbage collector look for a new text in every stream that has changed.
 */
export class CommitNames {
  /** What the number follows. */
  prefix = ''

  /** The number behind {@link prefix}; -1 for a name that has to be kept whole. */
  numberOf(name: string): number {
    if (this.prefix === '' || !name.startsWith(this.prefix)) this.prefix = withoutNumber(name)
    return numberFrom(name, this.prefix.length)
  }
}

/** The name that was taken apart. */
export function joinCommitName(prefix: string, number: number): string {
  return number < 0 ? prefix : `${prefix}${number}`
}

function withoutNumber(name: string): string {
  let end = name.length
  for (let at = end - 1; at >= 0 && at >= name.length - MOST_DIGITS; at--) {
    const digit = digitAt(name, at)
    if (digit < 0) break
    if (digit > 0) end = at
  }
  return name.slice(0, end)
}

function numberFrom(name: string, at: number): number {
  const digits = name.length - at
  if (digits === 0 || digits > MOST_DIGITS || digitAt(name, at) === 0) return -1
  let number = 0
  for (let i = at; i < name.length; i++) {
    const digit = digitAt(name, i)
    if (digit < 0) return -1
    number = number * 10 + digit
  }
  return number
}

/** A decimal digit, or -1. */
function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48
  return digit >= 0 && digit <= 9 ? digit : -1
}
