#!/usr/bin/env node
import { setMaxListeners } from 'node:events'
import { runCommand } from './command/program.js'
import { ConformanceFailure } from './server/assertions.js'
import { EXIT } from './command/exit-codes.js'
import { processTerminal } from './command/terminal.js'

const stop = new AbortController()
// Every case that runs listens.
setMaxListeners(0, stop.signal)

/** The first signal ends the run and still reports what is known; the second one ends the process. */
function onSignal(): void {
  if (stop.signal.aborted) process.exit(EXIT.interrupted)
  process.stderr.write('\nStopping; press Ctrl-C again to leave at once.\n')
  stop.abort()
}

// What a case has begun may fail after the case has ended, and must not end the run.
process.on('unhandledRejection', (error) => {
  if (!(error instanceof ConformanceFailure)) throw error
})
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)
const exitCode = await runCommand(process.argv.slice(2), processTerminal(), stop.signal)
process.exitCode = exitCode
// What the cases left waiting must not keep the process; a report on its way into a pipe must still get there.
process.stdout.write('', () => process.exit(exitCode))
