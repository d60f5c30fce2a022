const SHOWN_CHARS = 600

/** A case found the server in breach; its message names the request, what was expected and what came. */
export class ConformanceFailure extends Error {
  override readonly name: string = 'ConformanceFailure'
  /** What was expected and what came, without the exchange that the message also shows. */
  readonly summary: string

  constructor(message: string, options: ErrorOptions & { readonly summary?: string } = {}) {
    super(message, options)
    this.summary = options.summary ?? message
  }
}

/** Renders any value on one bounded line for a failure message. */
export function show(value: unknown): string {
  const text =
    value instanceof Uint8Array
      ? showBytes(value)
      : typeof value === 'string'
        ? JSON.stringify(value)
        : ((JSON.stringify(value) as string | undefined) ?? String(value))
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}... (${text.length} characters)` : text
}

function showBytes(bytes: Uint8Array): string {
  const head = [...bytes.subarray(0, 64)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  return `<${bytes.length} bytes: ${head}${bytes.length > 64 ? ' ...' : ''}>`
}

export function fail(message: string, context?: string): never {
  throw new ConformanceFailure(context === undefined ? message : `${message}\n${context}`, {
    summary: message,
  })
}

export function check(condition: boolean, message: string, context?: string): asserts condition {
  if (!condition) fail(message, context)
}

/** Compares by value: primitives by `Object.is`, bytes by content, plain objects and arrays deeply. */
export function equal(actual: unknown, expected: unknown, what: string, context?: string): void {
  if (isSame(actual, expected)) return
  fail(`${what}\n  expected: ${show(expected)}\n  actual:   ${show(actual)}`, context)
}

export function isSame(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => isSame(item, right[index]))
  }
  return isRecord(left) && isRecord(right) && haveSameEntries(left, right)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function haveSameEntries(left: Record<string, unknown>, right: Record<string, unknown>): boolean {
  const keys = Object.keys(left)
  if (keys.length !== Object.keys(right).length) return false
  return keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]))
}

/** Byte-wise order of two header values, as the specification compares offsets and sequences. */
export function isBefore(left: string, right: string): boolean {
  return Buffer.compare(Buffer.from(left, 'utf8'), Buffer.from(right, 'utf8')) < 0
}
