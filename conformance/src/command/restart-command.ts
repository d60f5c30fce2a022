import { spawn } from 'node:child_process'

const READY_WITHIN_MS = 30_000
const ASK_EVERY_MS = 50

/** Runs a shell command that restarts the server, and waits until the server answers again. */
export async function restartBy(command: string, origin: string): Promise<void> {
  await runShell(command)
  const deadline = Date.now() + READY_WITHIN_MS
  for (;;) {
    try {
      await (await fetch(origin, { signal: AbortSignal.timeout(2000), redirect: 'manual' })).body?.cancel()
      return
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`the server does not answer after \`${command}\``, { cause: error })
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
}

function runShell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`\`${command}\` ended with ${code}`)),
    )
  })
}
