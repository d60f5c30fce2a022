// `pnpm test:conformance`: every store, on every binding, against our cases and the official suite, and every client
// against the servers.
//   --store memory --binding node --section 5.2   only some of it; each may be repeated
//   --suite cases                                 only cases, official, store or clients
//   --failed                                      what failed in the last run; the rest is taken over from it
//   --no-build                                    on what was built before
//   --write-readme                                writes the tables into README.md, after a whole run
import { ROOT, bin, ensureInstalled, run, turbo } from './workspace.mjs'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const FOLDER = join(ROOT, 'conformance', 'matrix')
const SUITES = ['cases', 'official', 'store', 'clients']
const flag = { type: 'boolean', default: false }
const list = { type: 'string', multiple: true, default: [] }

const options = readOptions()
const files = options.failed ? failedFiles() : selectFiles(options)
if (files.length === 0) leave(`nothing in the matrix is ${process.argv.slice(2).join(' ')}`)
let failure = null
try {
  await ensureInstalled()
  if (!options['no-build']) await turbo('build')
  const reporter = join(FOLDER, 'report', 'matrix-reporter.ts')
  await run(bin('vitest'), ['run', `--reporter=${reporter}`, ...files], {
    DS_SECTION: options.section.join(','),
    DS_MERGE: options.failed ? '1' : '',
  })
} catch (error) {
  console.error(error.message)
  failure = error
}
if (options['write-readme'] && failure === null) {
  writeIntoReadme(readFileSync(join(FOLDER, '..', 'results', 'tables.md'), 'utf8'))
}
process.exit(failure === null ? 0 : 1)

function readOptions() {
  let values
  try {
    const spec = {
      store: list,
      binding: list,
      section: list,
      suite: list,
      'write-readme': flag,
      'no-build': flag,
      failed: flag,
    }
    values = parseArgs({ args: process.argv.slice(2).filter((one) => one !== '--'), options: spec }).values
  } catch (error) {
    leave(error.message)
  }
  const narrowed = ['store', 'binding', 'section', 'suite'].some((name) => values[name].length > 0)
  if (values['write-readme'] && narrowed) leave('--write-readme needs a whole run')
  return values
}

/** What the last run leaves to be done. */
function failedFiles() {
  const cells = JSON.parse(readFileSync(join(FOLDER, '..', 'results', 'matrix.json'), 'utf8'))
  return cells
    .filter(({ results }) => results.some(({ state }) => state === 'failed'))
    .map(({ file }) => file)
}

/** The files of the matrix that the options leave over. A section exists only in our cases. */
function selectFiles({ store, binding, section, suite }) {
  const wanted = suite.length > 0 ? suite : section.length > 0 ? ['cases'] : SUITES
  return wanted
    .flatMap((name) => filesOf(name).map((file) => join(name, file)))
    .filter((file) => fits(file, store, binding))
    .map((file) => join('conformance', 'matrix', file))
}

function filesOf(suite) {
  if (!SUITES.includes(suite)) leave(`--suite is one of ${SUITES.join(', ')}`)
  try {
    return readdirSync(join(FOLDER, suite)).filter((file) => file.endsWith('.test.ts'))
  } catch {
    return []
  }
}

function fits(file, stores, bindings) {
  const name = file.replace(/^.*[\\/]/, '').replace('.test.ts', '')
  const isOfStore = stores.length === 0 || stores.some((one) => name === one || name.startsWith(`${one}-`))
  const isOfBinding = bindings.length === 0 || bindings.some((one) => name.endsWith(`-${one}`))
  return isOfStore && isOfBinding
}

function writeIntoReadme(tables) {
  const file = join(ROOT, 'README.md')
  const [before, , after] = readFileSync(file, 'utf8').split(
    /(?<=<!-- conformance -->\n)|(?=<!-- \/conformance -->)/,
  )
  if (after === undefined) leave('README.md has no <!-- conformance --> ... <!-- /conformance -->')
  writeFileSync(file, `${before}\n${tables}\n${after}`)
}

function leave(message) {
  console.error(message)
  process.exit(2)
}
