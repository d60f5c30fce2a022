import { writeFile } from 'node:fs/promises'
import { chooseGenerator } from './load/choose-generator.mjs'
import { helpText, parseOptions } from './options.mjs'
import { endChildrenOnSignals } from './processes/child-registry.mjs'
import { describeEnvironment } from './report/environment.mjs'
import { formatSample, formatTable } from './report/format-table.mjs'
import { runMeasurements, selectEntries } from './run-measurements.mjs'

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${error.message}\n\n${helpText}`)
    return process.exit(2)
  }
}

/** Progress goes to stderr, so that stdout holds the report alone. */
function createProgress(options) {
  const perTurn = options.rows.map((row) => selectEntries(row, options.subjects).length)
  const total = options.repeat * perTurn.reduce((sum, count) => sum + count, 0)
  let done = 0
  return {
    onStart: (row, entry, turn) => {
      const turns = options.repeat > 1 ? ` ${turn}/${options.repeat}` : ''
      process.stderr.write(`[${++done}/${total}] ${row.name} ${entry.name}${turns} ... `)
    },
    onSample: (row, entry, sample) => process.stderr.write(`${formatSample(row, sample)}\n`),
  }
}

async function main() {
  const options = readOptions()
  if (options.help) {
    console.log(helpText)
    return
  }
  endChildrenOnSignals()
  const generator = await chooseGenerator()
  const environment = describeEnvironment(generator, options.connections)
  const setting = { secondsPerMeasurement: options.seconds, repeat: options.repeat }
  for (const [name, value] of Object.entries({ ...environment, ...setting })) console.log(`${name}: ${value}`)
  console.log()
  const rows = await runMeasurements({ options, generator, ...createProgress(options) })
  console.log(formatTable(rows))
  if (options.json !== null) {
    await writeFile(options.json, `${JSON.stringify({ environment, setting, rows }, null, 2)}\n`)
    console.log(`\nWritten to ${options.json}`)
  }
  if (rows.some((row) => row.lines.some((line) => line.failures.length > 0))) process.exitCode = 1
}

await main()
