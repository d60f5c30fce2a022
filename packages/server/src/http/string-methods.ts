/** More calls than engines need to take note of what is called. */
const CALLS = 1_000

/**
 * Makes calls of the methods of strings fast again, in the whole process.
 *
 * When some library derives a class from String, as clients of Redis do, V8 turns String.prototype into a form that
 * optimised code cannot look into. Every call of a string's method then takes about five times as long, which is a
 * twentieth of an append. V8 turns it back when a method is called on a String object, but not when it is called on a
 * string, and nobody has String objects. Once turned back it stays so, whatever is derived from String later.
 */
export function keepStringMethodsFast(): void {
  const text = Object('-') as string
  for (let call = 0; call < CALLS; call++) text.charCodeAt(0)
}
