import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CliError } from './failures.js'

/**
 * Writes a small file in one step: whoever reads it, at any time and after any crash, finds the old text or the new.
 *
 * @param options.isDurable whether it must be on the disk when the promise resolves
 */
export async function replaceFile(
  file: string,
  text: string,
  options: { isDurable: boolean },
): Promise<void> {
  const draft = `${file}.${process.pid}.new`
  try {
    const handle = await open(draft, 'w', 0o600)
    try {
      await handle.writeFile(text)
      if (options.isDurable) await handle.datasync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
    if (options.isDurable) await syncDirectory(dirname(file))
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw new CliError('STATE_FILE', `${file} cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: 'free space, or name a file in a folder that can be written',
    })
  }
}

/** The new name is on the disk when the folder is. Windows cannot open folders, and needs not. */
async function syncDirectory(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
