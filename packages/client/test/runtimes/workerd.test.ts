import type { CaseResult } from '../cases/run-cases.js'
import type { ChildProcess } from 'node:child_process'
import type { Runtime } from './describe-runtime.js'
import { basename, dirname, join } from 'node:path'
import { binaryOf } from './binaries.js'
import { bundleCases, removeBundle } from './bundle-cases.js'
import { describeRuntime } from './describe-runtime.js'
import { freePort } from './free-port.js'
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'

/** A worker that may reach servers on this machine. */
function configure(module: string, port: number): string {
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "${module}", esModule = embed "${module}")],
      compatibilityDate = "2025-01-01",
      globalOutbound = "outbound",
    )),
    (name = "outbound", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`
}

async function start(): Promise<Runtime> {
  const file = await bundleCases('worker-entry')
  const port = await freePort()
  const config = join(dirname(file), 'config.capnp')
  writeFileSync(config, configure(basename(file), port))
  const child = spawn(binaryOf('workerd'), ['serve', config], {
    stdio: ['ignore', 'inherit', 'pipe'],
    // The command starts another process: both are ended as a group.
    detached: true,
  })
  let complaints = ''
  child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()))
  const url = `http://127.0.0.1:${port}/`
  await untilListening(child, port, () => complaints)
  return {
    async run({ streams, proxy }) {
      const response = await fetch(`${url}?${new URLSearchParams({ streams, proxy }).toString()}`)
      const text = await response.text()
      if (!response.ok) throw new Error(`workerd: ${text}\n${complaints}`)
      return JSON.parse(text) as CaseResult[]
    },
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      process.kill(-child.pid!, 'SIGKILL')
      await ended
      removeBundle(file)
    },
  }
}

async function untilListening(child: ChildProcess, port: number, complaints: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`workerd ended: ${complaints()}`)
    const isThere = await fetch(`http://127.0.0.1:${port}/?ping`).then(
      () => true,
      () => false,
    )
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

describeRuntime('workerd', start)
