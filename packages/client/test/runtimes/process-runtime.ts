import type { CaseResult, CaseServer } from '../cases/run-cases.js'
import type { Runtime } from './describe-runtime.js'
import { bundleCases, removeBundle } from './bundle-cases.js'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A runtime that is a command: it runs a file with the addresses as arguments. */
export async function processRuntime(command: string, args: readonly string[]): Promise<Runtime> {
  const file = await bundleCases('process-entry')
  return {
    async run({ streams, proxy }: CaseServer) {
      const { stdout } = await execute(command, [...args, file, streams, proxy], { timeout: 100_000 })
      return JSON.parse(stdout.trim().split('\n').at(-1)!) as CaseResult[]
    },
    stop: () => {
      removeBundle(file)
      return Promise.resolve()
    },
  }
}
