#!/usr/bin/env node
import { Interrupted } from './failures.js'
import { runCommandLine } from './run-command-line.js'
import { StandardOutput } from './terminal/standard-output.js'

const stop = new AbortController()
const out = new StandardOutput(process.stdout, (reason) => stop.abort(reason))
// A closed standard error leaves nothing to be said, and is no reason to stop.
process.stderr.on('error', () => undefined)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    const reason = new Interrupted(signal)
    // The second signal is meant.
    if (stop.signal.aborted) process.exit(reason.exitCode)
    stop.abort(reason)
  })
}

const exitCode = await runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  out,
  err: (text) => void process.stderr.write(text),
  isErrTerminal: process.stderr.isTTY,
  isOutTerminal: process.stdout.isTTY,
  env: process.env,
  signal: stop.signal,
})
await out.flush()
process.exit(exitCode)
