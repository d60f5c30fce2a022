import { spawn } from 'node:child_process'

const running = new Set()

/** Starts a child process that ends with this one, whatever way this one ends. */
export function spawnTracked(command, args, options) {
  const child = spawn(command, args, options)
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** Runs a child to its end and returns what it wrote; kills it after `limitMs`. */
export function collectOutput(command, args, limitMs) {
  return new Promise((resolve, reject) => {
    const child = spawnTracked(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), limitMs)
    const output = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => (output.stdout += chunk))
    child.stderr.on('data', (chunk) => (output.stderr += chunk))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(output)
      else reject(new Error(`${command} ended with ${code ?? signal}: ${output.stderr.slice(-500)}`))
    })
  })
}

/** The last characters that a child wrote to stderr, for error messages. */
export function keepErrorTail(child) {
  let tail = ''
  child.stderr.on('data', (chunk) => (tail = (tail + chunk).slice(-1000)))
  return () => tail.trim()
}

export function killAllChildren() {
  for (const child of running) child.kill('SIGKILL')
}

/** Ctrl-C, SIGTERM and SIGHUP end every child, then this process. */
export function endChildrenOnSignals() {
  const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
  for (const [signal, code] of Object.entries(exitCodes)) {
    process.once(signal, () => {
      killAllChildren()
      process.exit(code)
    })
  }
  process.once('exit', killAllChildren)
}
