import { ConformanceFailure } from './assertions.js'
import type { CaseContext } from './case-context.js'
import type { ServerCase } from './server-case.js'

export type CaseOutcome = { readonly passed: true } | { readonly passed: false; readonly error: Error }

/** Runs one case against a fresh context, within a time limit, and lets go of all its connections. */
export async function runCase(one: ServerCase, ctx: CaseContext, timeoutMs: number): Promise<CaseOutcome> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceFailure(`no result within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([one.run(ctx), overdue])
    return { passed: true }
  } catch (error) {
    return { passed: false, error: named(one, error) }
  } finally {
    clearTimeout(timer)
    ctx.dispose()
  }
}

function named(one: ServerCase, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error)
  const failure = new ConformanceFailure(`${one.id} (§${one.section}, ${one.level}): ${message}`, {
    cause: error,
  })
  if (error instanceof Error && error.stack !== undefined)
    failure.stack = error.stack.replace(message, failure.message)
  return failure
}
