import type { Case, CaseContext } from './case.js'
import { PRODUCING } from './producing.js'
import { READING } from './reading.js'
import { RECOVERING } from './recovering.js'
import { WRITING } from './writing.js'

export const CASES: readonly Case[] = [...READING, ...WRITING, ...PRODUCING, ...RECOVERING]

export interface CaseResult {
  readonly name: string
  readonly error: string | null
}

/** Where the cases find a server, and the proxy with faults before it. */
export interface CaseServer {
  readonly streams: string
  readonly proxy: string
}

const CASE_TIMEOUT_MS = 10_000
/** Cases wait more than they work. */
const AT_THE_SAME_TIME = 4

/** Runs all cases against a server. The same function in every runtime. */
export async function runCases(server: CaseServer): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  const waiting = [...CASES]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push({ name: next.name, error: await runCase(next, server) })
    }
  }
  await Promise.all(Array.from({ length: AT_THE_SAME_TIME }, work))
  return results
}

async function runCase(one: Case, server: CaseServer): Promise<string | null> {
  const context: CaseContext = {
    newUrl: () => `${server.streams}/${newName()}`,
    faulty: (url, fault) => `${server.proxy}/${fault}/${newName()}${new URL(url).pathname}`,
  }
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('takes too long')), CASE_TIMEOUT_MS)
  })
  try {
    await Promise.race([one.run(context), timeout])
    return null
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error)
  } finally {
    clearTimeout(timer)
  }
}

function newName(): string {
  return `case-${Math.random().toString(36).slice(2)}`
}
