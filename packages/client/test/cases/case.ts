/** What a case works with: the same in every runtime and against every server. */
export interface CaseContext {
  /** The URL of a stream that does not exist yet. */
  readonly newUrl: () => string
  /** The same stream behind a proxy with a fault; see `fault-proxy.ts`. */
  readonly faulty: (url: string, fault: string) => string
}

/** A behaviour of the client, as a fact. It passes unless it throws. Nothing in it knows a test framework. */
export interface Case {
  readonly name: string
  run(context: CaseContext): Promise<void>
}

export function equal(actual: unknown, expected: unknown, what = 'value'): void {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== e) throw new Error(`${what}: expected ${e}, got ${a}`)
}

export function isTrue(condition: boolean, what: string): void {
  if (!condition) throw new Error(`not true: ${what}`)
}

/** The error that a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise
  } catch (error) {
    return error as Error & Record<string, unknown>
  }
  throw new Error('expected a rejection')
}

/** A fetch that counts what goes through it. */
export function countingFetch(): { fetch: typeof fetch; count: (method: string) => number; urls: string[] } {
  const methods: string[] = []
  const urls: string[] = []
  return {
    fetch: (input, init) => {
      methods.push(init?.method ?? 'GET')
      urls.push(input instanceof Request ? input.url : input.toString())
      return globalThis.fetch(input, init)
    },
    count: (method) => methods.filter((name) => name === method).length,
    urls,
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
