import { readFile, rm, writeFile } from 'node:fs/promises'
import { rmSync } from 'node:fs'
import { CliError } from '../failures.js'
import { EXIT } from '../exit-codes.js'

/**
 * Keeps a second process from using the same state file: two that send other batches under the same numbers would
 * lose what the server takes for repeats. The lock of a process that is dead is taken over. Returns how to let go.
 */
export async function lockFile(file: string): Promise<() => void> {
  const lock = `${file}.lock`
  for (let attempt = 1; ; attempt++) {
    try {
      await writeFile(lock, `${process.pid}\n`, { flag: 'wx' })
      return () => rmSync(lock, { force: true })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'EEXIST') throw new CliError('STATE_FILE', `${lock} cannot be written: ${message}`)
    }
    const owner = Number((await readFile(lock, 'utf8').catch(() => '')).trim())
    if (attempt === 2 || isAlive(owner)) {
      throw new CliError('STATE_FILE_IN_USE', `process ${owner} uses ${file}`, {
        exitCode: EXIT.conflict,
        hint: `wait for it, or remove ${lock} if that process is no ds`,
      })
    }
    await rm(lock, { force: true })
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
