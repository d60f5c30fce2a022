import { ConformanceFailure } from '../server/assertions.js'
import type { ReportedFailure } from '../report/run-report.js'
import type { ClientContext } from './client-context.js'

const MOST_EXCHANGES = 20

/** What went wrong, what went over the pipe, and what the client asked the scripted server for. */
export function reportClientFailure(error: unknown, ctx: ClientContext | undefined): ReportedFailure {
  const reason =
    error instanceof ConformanceFailure
      ? error.summary
      : error instanceof Error
        ? error.message
        : String(error)
  const trace = ctx === undefined || ctx.trace.length === 0 ? '' : `\n${ctx.trace.join('\n')}`
  const exchanges = (ctx?.paths ?? []).flatMap((path) => ctx?.stage.reported(path) ?? [])
  return { message: `${reason}${trace}`, exchanges: exchanges.slice(-MOST_EXCHANGES) }
}
