import type { ReportedExchange } from './run-report.js'

const MOST_BRIEF_CHARS = 300
/** Headers that say nothing about the protocol; a failure about one of them names it. */
const UNINTERESTING =
  /^(?:access-control-.*|connection|keep-alive|date|server|accept-encoding|transfer-encoding)$/i

/** An exchange as plain text, in the form of HTTP messages; a brief one leaves out what is seldom looked at. */
export function renderExchange(one: ReportedExchange, isBrief = false): string {
  const lines = (headers: Readonly<Record<string, string>>): string[] =>
    Object.entries(headers)
      .filter(([name]) => !isBrief || !UNINTERESTING.test(name))
      .map(([name, value]) => `${name}: ${value}`)
  const body = (text: string | undefined): string[] => {
    if (text === undefined) return []
    const isLong = isBrief && text.length > MOST_BRIEF_CHARS
    return ['', isLong ? `${text.slice(0, MOST_BRIEF_CHARS)}...` : text]
  }
  const time = one.elapsedMs === undefined ? '' : ` (after ${one.elapsedMs} ms)`
  const request = [`${one.method} ${one.target}`, ...lines(one.requestHeaders), ...body(one.requestBody)]
  const status = one.status === null ? 'no answer' : `${one.status}${time}`
  const answer = [status, ...lines(one.responseHeaders), ...body(one.responseBody)]
  return [...request.map((line) => `> ${line}`), ...answer.map((line) => `< ${line}`)].join('\n')
}
