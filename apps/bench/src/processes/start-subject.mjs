import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { keepErrorTail, spawnTracked } from './child-registry.mjs'

const START_LIMIT_MS = 15_000
const ANSWER_LIMIT_MS = 15_000

/** Where durable subjects keep their data, for as long as the run takes. */
const scratch = mkdtempSync(join(tmpdir(), 'ds-bench-'))
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }))

/** Starts one subject in a fresh process and waits until it listens. */
export async function startSubject(entry, rowSettings) {
  const file = fileURLToPath(new URL(`../subjects/${entry.file}`, import.meta.url))
  const settings = JSON.stringify({ ...entry.settings, ...rowSettings })
  // --expose-gc only adds a function; the heap limit turns a leak into a failed row, not a dead machine.
  const args = ['--expose-gc', '--max-old-space-size=4096', file, settings]
  const startedAt = performance.now()
  const child = spawnTracked(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, DS_BENCH_SCRATCH: scratch },
  })
  const subject = { child, errorTail: keepErrorTail(child) }
  const { port } = await receiveMessage(subject, 'ready', START_LIMIT_MS).catch((error) => {
    child.kill('SIGKILL')
    throw error
  })
  return {
    port,
    startMs: performance.now() - startedAt,
    measureMemory: () => measureMemory(subject),
    requireAlive: () => {
      if (hasEnded(child)) throw new Error(describeEnd(child, subject.errorTail))
    },
    stopCleanly: async () => {
      child.send({ type: 'stop' })
      await once(child, 'exit')
    },
    stop: () => stop(child),
  }
}

/** `process.memoryUsage()` of the subject, after forced collections. */
async function measureMemory(subject) {
  subject.child.send({ type: 'memory' })
  const { usage } = await receiveMessage(subject, 'memory', ANSWER_LIMIT_MS)
  return usage
}

function receiveMessage({ child, errorTail }, type, limitMs) {
  return new Promise((resolve, reject) => {
    const finish = (settle, value) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      settle(value)
    }
    const onMessage = (message) => {
      if (message.type === type) finish(resolve, message)
    }
    const onExit = () => finish(reject, new Error(describeEnd(child, errorTail)))
    const onTimeout = () => finish(reject, new Error(`no '${type}' from the subject in ${limitMs} ms`))
    const timer = setTimeout(onTimeout, limitMs)
    child.on('message', onMessage)
    child.once('exit', onExit)
  })
}

function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null
}

function describeEnd(child, errorTail) {
  return `the subject ended with ${child.signalCode ?? child.exitCode}: ${errorTail()}`
}

async function stop(child) {
  if (hasEnded(child)) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}
