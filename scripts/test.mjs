// `npm test`: sets everything up, checks and tests everything, and ends with one line that counts.
//   npm test -- --project core      only some of the vitest projects, with any option of vitest
//   npm test -- --node current      only on the Node that runs this, not on the newest one supported as well
import { ROOT, bin, ensureInstalled, run, say, turbo } from './workspace.mjs'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const NEWEST_NODE = 'node@24'
/** What is run on the newest Node as well; the rest does not depend on the version. */
const PORTABLE_PROJECTS = [
  'core',
  'store-memory',
  'store-file',
  'store-redis',
  'store-lmdb',
  'client',
  'cli',
  'server',
  'conformance',
  'matrix',
]

const totals = { passed: 0, failed: 0, skipped: 0 }
const options = parseOptions(process.argv.slice(2))

await step('Dependencies', ensureInstalled)
await step('Build', () => turbo('build'))
if (options.vitest.length === 0) {
  await step('Types', () => turbo('typecheck'))
  await step('Lint', () => turbo('lint'))
  await step('Formatting', () => run(bin('prettier'), ['--check', '--log-level=warn', '.']))
}
await vitest(`Tests on Node ${process.versions.node}`, process.execPath, [], options.vitest)
if (options.bothNodes) {
  const projects =
    options.vitest.length > 0 ? options.vitest : PORTABLE_PROJECTS.flatMap((name) => ['--project', name])
  await vitest(`Tests on ${NEWEST_NODE}`, 'npx', ['--yes', NEWEST_NODE], projects)
}
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
process.exit(totals.failed > 0 ? 1 : 0)

/** A step without tests of its own counts as one. */
async function step(name, act) {
  say(name)
  try {
    await act()
    totals.passed++
  } catch (error) {
    console.error(error.message)
    totals.failed++
    if (name === 'Dependencies' || name === 'Build') {
      console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
      process.exit(1)
    }
  }
}

async function vitest(name, command, before, args) {
  say(name)
  const folder = mkdtempSync(join(tmpdir(), 'ds-test-'))
  const report = join(folder, 'report.json')
  const vitestArgs = [
    ...before,
    join(ROOT, 'node_modules', 'vitest', 'vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...args,
  ]
  let error = null
  try {
    await run(command, vitestArgs)
  } catch (failure) {
    error = failure
  }
  const failedBefore = totals.failed
  count(report)
  // A run that broke off, or an error outside of any test, is a failure that no test shows.
  if (error !== null && totals.failed === failedBefore) totals.failed++
  rmSync(folder, { recursive: true })
}

function count(report) {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, 'utf8'),
    )
    totals.passed += numPassedTests
    totals.failed += numFailedTests
    totals.skipped += numPendingTests + numTodoTests
  } catch {
    console.error('vitest wrote no report')
    totals.failed++
  }
}

function parseOptions(args) {
  const node = args.indexOf('--node')
  if (node === -1) return { bothNodes: true, vitest: args }
  const rest = args.filter((_, index) => index !== node && index !== node + 1)
  return { bothNodes: args[node + 1] !== 'current', vitest: rest }
}
