import { collectOutput } from '../processes/child-registry.mjs'
import { readPackageVersion } from '../report/package-version.mjs'
import { runLoadTask } from '../processes/run-load-task.mjs'
import { loadWithWrk } from './wrk-load.mjs'

/** wrk when it is installed, else autocannon; the choice holds for the whole run and all subjects. */
export async function chooseGenerator() {
  const wrkVersion = await findWrk()
  if (wrkVersion !== null) return { name: `wrk ${wrkVersion}`, run: loadWithWrk }
  return {
    name: `autocannon ${readPackageVersion('autocannon')} (wrk is not installed; latencies in whole ms)`,
    run: (params) => runLoadTask('load-with-autocannon', params, { limitMs: (params.seconds + 30) * 1000 }),
  }
}

async function findWrk() {
  try {
    // `wrk --version` prints its version and then fails.
    const { stdout } = await collectOutput('sh', ['-c', 'wrk --version; true'], 5000)
    return /^wrk (\S+)/m.exec(stdout)?.[1] ?? null
  } catch {
    return null
  }
}
