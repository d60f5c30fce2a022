const columns = [
  '',
  'result',
  'unit',
  'errors',
  'p50 ms',
  'p99 ms',
  'x bare',
  'x reference',
  'x one stream',
  '',
]
/** Those that hold words and not numbers. */
const WORDS = [0, columns.length - 1]

/** The report as text: one block for each row, one line for each subject. */
export function formatTable(rows) {
  const cells = rows.flatMap((row) => [[row.title], ...row.lines.map((line) => formatLine(row, line))])
  const widths = columns.map((column, index) => {
    const lengths = cells.filter((line) => line.length > 1).map((line) => line[index].length)
    return Math.max(column.length, ...lengths)
  })
  const align = (line) =>
    line
      .map((cell, index) =>
        WORDS.includes(index) ? cell.padEnd(widths[index]) : cell.padStart(widths[index]),
      )
      .join('  ')
      .trimEnd()
  const text = [align(columns), ...cells.map((line) => (line.length === 1 ? `\n${line[0]}` : align(line)))]
  return [...text, '', ...formatFootnotes(rows)].join('\n')
}

function formatLine(row, line) {
  return [
    `  ${line.title}`,
    formatValue(line),
    row.unit,
    formatErrors(line),
    formatMs(line.p50Ms),
    formatMs(line.p99Ms),
    formatRatio(line.versusBare),
    formatRatio(line.versusReference),
    formatRatio(line.versusOneStream),
    line.detail,
  ]
}

/** One line for the progress display. */
export function formatSample(row, sample) {
  if (sample.failed !== undefined) return `FAILED: ${sample.failed.split('\n')[0]}`
  const errors = sample.errors > 0 ? `, ! ${sample.errors} errors` : ''
  return `${formatNumber(sample.value)} ${row.unit}${errors}`
}

function formatValue(line) {
  if (line.value !== null) return formatNumber(line.value)
  return line.failures.length > 0 ? 'FAILED' : '-'
}

function formatErrors({ value, errors, failures }) {
  if (value === null) return ''
  if (failures.length > 0) return `! ${errors}, ${failures.length} failed`
  return errors > 0 ? `! ${errors}` : '0'
}

function formatNumber(value) {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2)
}

function formatMs(value) {
  return value === null ? '' : value.toFixed(2)
}

function formatRatio(value) {
  return value === null ? '-' : value.toFixed(2)
}

function formatFootnotes(rows) {
  const notes = ['Ratios above 1 are better than the baseline, in every row.']
  const lines = rows.flatMap((row) => row.lines.map((line) => ({ row, line })))
  if (lines.some(({ line }) => line.errors > 0)) {
    notes.push('! Requests failed or deliveries were missing; the result counts successes only.')
  }
  for (const { row, line } of lines) {
    for (const reason of line.failures) notes.push(`FAILED ${row.name}, ${line.subject}: ${reason}`)
  }
  return notes
}
