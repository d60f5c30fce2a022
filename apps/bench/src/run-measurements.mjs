import { runLoadTask } from './processes/run-load-task.mjs'
import { startSubject } from './processes/start-subject.mjs'
import { summarizeRow } from './report/median-and-ratio.mjs'
import { Samples } from './report/samples.mjs'

const WARM_UP_SECONDS = 1
const TASK_SLACK_MS = 60_000

/**
 * Measures every row with every subject, each time in a fresh process. With repeats everything takes turns, rows as well
 * as subjects, so that a slow minute of the machine does not fall on one of them alone.
 */
export async function runMeasurements({ options, generator, onStart, onSample }) {
  const samples = new Samples()
  for (let turn = 1; turn <= options.repeat; turn++) {
    for (const row of options.rows) {
      for (const entry of selectEntries(row, options.subjects)) {
        onStart(row, entry, turn)
        const sample = await measureOnce(row, entry, options, generator)
        samples.add(row.name, entry.name, sample)
        onSample(row, entry, sample)
      }
    }
  }
  return options.rows.map((row) => summarizeRow(row, selectEntries(row, options.subjects), samples))
}

/** The subjects that have a meaningful result for a row. */
export function selectEntries(row, entries) {
  const asked = entries.filter((entry) => row.subjects === undefined || row.subjects.includes(entry.name))
  return asked.filter((entry) => entry.keepsStreams || !row.needsStreams)
}

/** One sample; a subject that cannot start or breaks gives `{ failed }`, and the run goes on. */
async function measureOnce(row, entry, options, generator) {
  let subject = null
  const settings = { bareMode: row.bareMode, ...row.bareSettings, ...row.settings }
  /** Stops the subject as an operator does, and starts it again on what it has stored. */
  const restart = async () => {
    await subject.stopCleanly()
    subject = await startSubject(entry, settings)
    return subject
  }
  try {
    subject = await startSubject(entry, settings)
    const sample = await row.measure({ ...createContext({ entry, subject, options, generator }), restart })
    subject.requireAlive()
    return sample
  } catch (error) {
    return { failed: error.message }
  } finally {
    await subject?.stop()
  }
}

function createContext({ entry, subject, options, generator }) {
  const { seconds, connections } = options
  const limitMs = seconds * 1000 + TASK_SLACK_MS
  return {
    entry,
    subject,
    seconds,
    connections: connections * (entry.connectionsFactor ?? 1),
    warmUpSeconds: entry.warmUpSeconds ?? WARM_UP_SECONDS,
    generator,
    runTask: (task, params, onCheckpoint) =>
      runLoadTask(task, { port: subject.port, ...params }, { limitMs, onCheckpoint }),
  }
}
