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

/** One line of the report for each subject of a row, from all samples of that row. */
export function summarizeRow(row, entries, samplesOf) {
  const lines = entries.map((entry) => summarizeSubject(entry, samplesOf.get(entry.name) ?? []))
  const valueOf = (name) => lines.find((line) => line.subject === name)?.value ?? null
  entries.forEach((entry, index) => {
    const line = lines[index]
    line.versusBare = ratio(line.value, valueOf(entry.baselines.bare), row.better)
    line.versusReference = ratio(line.value, valueOf(entry.baselines.reference), row.better)
  })
  return { name: row.name, title: row.title, unit: row.unit, better: row.better, lines }
}

function summarizeSubject(entry, samples) {
  const measured = samples.filter((sample) => sample.failed === undefined)
  const medianOf = (key) => median(measured.map((sample) => sample[key]))
  return {
    subject: entry.name,
    title: entry.title,
    value: medianOf('value'),
    p50Ms: medianOf('p50Ms'),
    p99Ms: medianOf('p99Ms'),
    errors: measured.reduce((sum, sample) => sum + sample.errors, 0),
    failures: samples.filter((sample) => sample.failed !== undefined).map((sample) => sample.failed),
    detail: measured.at(-1)?.detail ?? '',
    samples,
  }
}
