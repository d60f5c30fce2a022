// `npm start`: installs and builds what is missing, then becomes the server, so that signals reach it directly.
import { ROOT, ensureInstalled, turbo } from './workspace.mjs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const PARENT_CHECK_MS = 250

stopWithParent()
try {
  await ensureInstalled()
  await turbo('build', '--filter=@ds/server')
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
await import(pathToFileURL(join(ROOT, 'packages', 'server', 'dist', 'main.js')).href)

/** npm hands SIGTERM to the shell between us, which dies of it and tells nobody; that is seen by a new parent. */
function stopWithParent() {
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_CHECK_MS)
  timer.unref()
}
