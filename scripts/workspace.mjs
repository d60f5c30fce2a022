import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the monorepo. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

const STAMP = join(ROOT, 'node_modules', '.installed')

/** Installs what the lock file names, unless that was done already. Needs nothing but Node and npm. */
export async function ensureInstalled() {
  requireNode()
  const wanted = describeInstall()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return
  say('Installing dependencies')
  await run('npx', ['--yes', pnpmVersion(), 'install', '--frozen-lockfile', '--reporter=append-only'])
  mkdirSync(dirname(STAMP), { recursive: true })
  writeFileSync(STAMP, wanted)
}

/** Runs turbo tasks over the workspace; what has not changed comes from its cache. */
export async function turbo(...args) {
  await run(bin('turbo'), ['run', ...args, '--output-logs=errors-only', '--log-prefix=none'])
}

/** Runs a command in the root folder with its output shown; rejects when it fails. */
export function run(command, args, env = {}) {
  return new Promise((resolve, reject) => {
    const path = `${join(ROOT, 'node_modules', '.bin')}:${process.env.PATH}`
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env, PATH: path },
    })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}`))
    })
  })
}

/** A tool of the workspace. */
export function bin(name) {
  return join(ROOT, 'node_modules', '.bin', name)
}

/** Tells what is being done. */
export function say(text) {
  process.stdout.write(`\n=> ${text}\n`)
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  console.error(`Node 20.19 or later is needed; this is ${process.versions.node}.`)
  process.exit(1)
}

function pnpmVersion() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).packageManager
}

function describeInstall() {
  const lock = readFileSync(join(ROOT, 'pnpm-lock.yaml'))
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`
}
