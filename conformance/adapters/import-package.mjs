import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Imports a package by name, from here or from the current folder, and adds its version as `packageVersion`. Null if it is
 * in neither place.
 */
export async function importPackage(name) {
  const folder = findFolder(name, process.cwd())
  try {
    return { ...(await import(name)), packageVersion: folder === null ? '' : versionOf(folder) }
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error
    if (folder === null) return null
    return { ...(await import(pathToFileURL(entryOf(folder)).href)), packageVersion: versionOf(folder) }
  }
}

function findFolder(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name)
    if (existsSync(join(folder, 'package.json'))) return folder
    if (dirname(at) === at) return null
  }
}

/** What an ECMAScript module would import: packages of this kind say so in `exports`. */
function entryOf(folder) {
  const { exports, module, main } = manifestOf(folder)
  const entry = pick(exports?.['.'] ?? exports) ?? module ?? main ?? 'index.js'
  return join(folder, entry)
}

function pick(target) {
  if (typeof target !== 'object' || target === null) return target
  return pick(target.import ?? target.node ?? target.default)
}

function versionOf(folder) {
  return manifestOf(folder).version ?? ''
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
