import { fileURLToPath } from 'node:url'
import { collectOutput } from '../processes/child-registry.mjs'

const script = fileURLToPath(new URL('wrk-requests.lua', import.meta.url))

/**
 * Runs one plan with wrk. One thread, so that the subject keeps a core; but a thread for each connection
 * where each connection is a producer with a sequence of its own.
 */
export async function loadWithWrk({ port, plan, seconds }) {
  const threads = plan.kind === 'producer' ? plan.connections : 1
  const args = ['--threads', threads, '--connections', plan.connections, '--duration', `${seconds}s`]
  args.push('--timeout', '5s', '--script', script, `http://127.0.0.1:${port}/`, '--')
  args.push(plan.kind, plan.prefix, plan.count, plan.contentType, plan.tag, plan.body)
  const { stdout } = await collectOutput('wrk', args.map(String), (seconds + 30) * 1000)
  return readResult(stdout)
}

function readResult(stdout) {
  const line = /^RESULT (.+)$/m.exec(stdout)
  if (line === null) throw new Error(`wrk gave no result: ${stdout.slice(-500)}`)
  const [requests, durationUs, p50Us, p99Us, statusErrors, otherErrors] = line[1].split(' ').map(Number)
  return {
    requestsPerSecond: (requests - statusErrors) / (durationUs / 1e6),
    p50Ms: p50Us / 1000,
    p99Ms: p99Us / 1000,
    errors: statusErrors + otherErrors,
  }
}
