import { fileURLToPath } from 'node:url'
import { keepErrorTail, spawnTracked } from './child-registry.mjs'

const loadProcess = fileURLToPath(new URL('../load/load-process.mjs', import.meta.url))

/**
 * Runs one task of load/load-process.mjs in its own process and returns its result.
 *
 * The task may stop at named checkpoints; `onCheckpoint(name)` runs here while it waits.
 */
export function runLoadTask(task, params, { limitMs, onCheckpoint }) {
  const args = ['--max-old-space-size=2048', loadProcess]
  const child = spawnTracked(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const errorTail = keepErrorTail(child)
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer)
      child.kill('SIGKILL')
      settle(value)
    }
    const fail = (message) => finish(reject, new Error(`${task}: ${message}`))
    const timer = setTimeout(() => fail(`not done in ${limitMs} ms`), limitMs)
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`the load process ended with ${code}: ${errorTail()}`))
    child.send({ type: 'start', task, params })
    child.on('message', (message) => {
      if (message.type === 'result') finish(resolve, message.result)
      else if (message.type === 'failed') fail(message.reason)
      else if (message.type === 'checkpoint') {
        onCheckpoint(message.name).then(
          () => child.send({ type: 'continue' }),
          (error) => fail(error.message),
        )
      }
    })
  })
}
