import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { execFileSync } from 'node:child_process'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome']
const INSTALL_TIMEOUT_MS = 300_000

/**
 * A Chromium: CHROME_PATH, or one on PATH. Where there is none, Debian's package is installed if that is possible;
 * otherwise the tests fail, as a client that was not tried in a browser was not tested.
 */
export function findChromium(): string {
  const found = locate()
  if (found !== null) return found
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const options = { stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS } as const
    execFileSync('apt-get', ['update'], options)
    execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], options)
    const installed = locate()
    if (installed !== null) return installed
  }
  throw new Error('no Chromium: install the package chromium, or set CHROME_PATH to one')
}

function locate(): string | null {
  const own = process.env['CHROME_PATH']
  if (own !== undefined && own !== '') return own
  for (const folder of ['/usr/bin', ...(process.env['PATH'] ?? '').split(delimiter)]) {
    for (const name of NAMES) if (isExecutable(join(folder, name))) return join(folder, name)
  }
  return null
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
