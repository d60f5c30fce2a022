import { ConformanceFailure } from './assertions.js'
import type { CaseContext } from './case-context.js'
import type { ServerCase } from './server-case.js'

export type CaseOutcome = { readonly passed: true } | { readonly passed: false; readonly error: Error }

/** A case that looks at the clock proves nothing where the machine was later than this. */
const LATE_MS = 100
const MOST_ATTEMPTS = 3

/**
 * Runs a case like {@link runCase}. A slow one, which is about time, is run again if it failed while its requests or its
 * own pauses took longer than they should; a server in breach fails every time.
 */
export async function runCaseOnTime(
  one: ServerCase,
  newContext: () => CaseContext,
  timeoutMs: number,
): Promise<{ readonly outcome: CaseOutcome; readonly ctx: CaseContext }> {
  for (let attempt = 1; ; attempt += 1) {
    const ctx = newContext()
    const outcome = await runCase(one, ctx, timeoutMs)
    const isFinal = outcome.passed || one.slow !== true || attempt === MOST_ATTEMPTS
    if (isFinal || ctx.lagMs < LATE_MS) return { outcome, ctx }
  }
}

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
