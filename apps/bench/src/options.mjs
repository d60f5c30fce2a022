import { parseArgs } from 'node:util'
import { rows } from './row-list.mjs'
import { subjects } from './subject-list.mjs'

const LONGEST_SECONDS = 20
const MOST_REPEATS = 20
const MOST_CONNECTIONS = 1000

export const helpText = `Usage: node src/main.mjs [options]

Measures a bare node:http server, the reference server and ours with the same load, one after another.

  --rows LIST       which rows, by name or group, comma-separated (default: all)
                    groups: ${unique(rows.map((row) => row.group)).join(', ')}
                    names:  ${rows.map((row) => row.name).join(', ')}
  --subjects LIST   which subjects, comma-separated (default: all)
                    ${subjects.map((subject) => subject.name).join(', ')}
  --seconds N       how long each measurement takes, 1 to ${LONGEST_SECONDS} (default: 2)
  --connections N   connections of the append-N rows and of delivery-sse-busy (default: 64)
  --repeat N        measure everything N times, one round after the other, and report medians (default: 1)
  --json FILE       also write the environment, the medians and every sample to FILE
  --help            this text
`

/** Reads the command line; throws with a sentence for the user when it makes no sense. */
export function parseOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rows: { type: 'string' },
      subjects: { type: 'string' },
      seconds: { type: 'string', default: '2' },
      connections: { type: 'string', default: '64' },
      repeat: { type: 'string', default: '1' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    rows: selectRows(values.rows),
    subjects: selectSubjects(values.subjects),
    seconds: parseCount('--seconds', values.seconds, LONGEST_SECONDS),
    connections: parseCount('--connections', values.connections, MOST_CONNECTIONS),
    repeat: parseCount('--repeat', values.repeat, MOST_REPEATS),
    json: values.json ?? null,
    help: values.help,
  }
}

function selectRows(list) {
  if (list === undefined) return rows
  const wanted = splitList(list)
  for (const name of wanted) {
    if (!rows.some((row) => row.name === name || row.group === name)) throw new Error(`no row '${name}'`)
  }
  return rows.filter((row) => wanted.includes(row.name) || wanted.includes(row.group))
}

function selectSubjects(list) {
  if (list === undefined) return subjects
  const wanted = splitList(list)
  for (const name of wanted) {
    if (!subjects.some((subject) => subject.name === name)) throw new Error(`no subject '${name}'`)
  }
  return subjects.filter((subject) => wanted.includes(subject.name))
}

function parseCount(option, text, most) {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1 || count > most) {
    throw new Error(`${option} takes a whole number from 1 to ${most}, not '${text}'`)
  }
  return count
}

function splitList(list) {
  return list.split(',').map((name) => name.trim())
}

function unique(values) {
  return [...new Set(values)]
}
