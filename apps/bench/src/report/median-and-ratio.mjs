/** The middle value; the mean of the middle two; null when there are none. */
export function median(values) {
  const sorted = values.filter((value) => value !== null && value !== undefined).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** How many times better `value` is than `baseline`: above 1 is better, whichever direction is good. */
export function ratio(value, baseline, better) {
  if (value === null || baseline === null || value <= 0 || baseline <= 0) return null
  return better === 'higher' ? value / baseline : baseline / value
}

/**
 * The middle of the ratios that samples have to those that a baseline had in the same turns: so what the machine does
 * for a while changes both sides of most of them.
 */
function medianRatio(samples, baselines, better) {
  return median(samples.map((sample, turn) => ratio(valueOf(sample), valueOf(baselines[turn]), better)))
}

function valueOf(sample) {
  return sample === undefined || sample.failed !== undefined ? null : sample.value
}

/** One line of the report for each subject of a row, from all samples that there are. */
export function summarizeRow(row, entries, samples) {
  const lines = entries.map((entry) => {
    const own = samples.of(row.name, entry.name)
    const versus = (rowName, subject) => medianRatio(own, samples.of(rowName, subject), row.better)
    return {
      ...summarizeSamples(own),
      subject: entry.name,
      title: entry.title,
      versusBare: versus(row.name, entry.baselines.bare),
      versusReference: versus(row.name, entry.baselines.reference),
      versusOneStream: row.oneStreamRow === undefined ? null : versus(row.oneStreamRow, entry.name),
    }
  })
  return { name: row.name, title: row.title, unit: row.unit, better: row.better, lines }
}

function summarizeSamples(samples) {
  const measured = samples.filter((sample) => sample.failed === undefined)
  const medianOf = (key) => median(measured.map((sample) => sample[key]))
  return {
    value: medianOf('value'),
    p50Ms: medianOf('p50Ms'),
    p99Ms: medianOf('p99Ms'),
    errors: measured.reduce((sum, sample) => sum + sample.errors, 0),
    failures: samples.filter((sample) => sample.failed !== undefined).map((sample) => sample.failed),
    detail: measured.at(-1)?.detail ?? '',
    samples,
  }
}
