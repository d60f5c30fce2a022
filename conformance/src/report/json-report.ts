import type { RunReport } from './run-report.js'

/** The report as JSON, in the form that `report.schema.json` of this package describes. */
export function renderJson(report: RunReport): string {
  return `${JSON.stringify(report, null, 2)}\n`
}
