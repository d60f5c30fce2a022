// `npm start`: installs and builds what is missing, then becomes the server, so that signals reach it directly.
import { ROOT, ensureInstalled, turbo } from './workspace.mjs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

try {
  await ensureInstalled()
  await turbo('build', '--filter=@ds/server')
} catch (error) {
  console.error(error.message)
  process.exit(1)
}
await import(pathToFileURL(join(ROOT, 'packages', 'server', 'dist', 'main.js')).href)
