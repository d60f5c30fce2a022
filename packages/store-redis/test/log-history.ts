/** One operation of a client on one stream: when it began, when its answer came, and what that was. */
export type Operation =
  | {
      readonly kind: 'append'
      readonly message: string
      readonly began: number
      /** Null while nobody knows whether it has happened. */
      readonly ended: number | null
      /** Whether the answer was that it has certainly not happened. */
      readonly hasFailed?: boolean
      /** Where the answer said that the message ends, each message followed by one byte. */
      readonly end?: number
    }
  | {
      readonly kind: 'read'
      /** How many messages come before those that were read: the reader knew their offset from an earlier read. */
      readonly from?: number
      readonly content: readonly string[]
      readonly began: number
      readonly ended: number
    }

/**
 * Whether the operations could have happened one after the other, each between its beginning and its end, on a log
 * that ends up as `final`. All messages differ, so the final content tells the order of the appends, and these rules
 * are not only necessary but sufficient. Returns what is wrong, or null.
 */
export function checkLogHistory(history: readonly Operation[], final: readonly string[]): string | null {
  const position = new Map(final.map((message, i) => [message, i]))
  if (position.size !== final.length) return `a message is there twice: ${findDouble(final)}`
  const appends = history.filter((one) => one.kind === 'append')
  const reads = history.filter((one) => one.kind === 'read')
  const known = new Set(appends.map(({ message }) => message))
  const stranger = final.find((message) => !known.has(message))
  if (stranger !== undefined) return `${stranger} was never written`
  const lost = appends.find(({ message, ended }) => ended !== null && !position.has(message))
  if (lost !== undefined) return `${lost.message} was acknowledged and is lost`
  const undead = appends.find(({ message, hasFailed }) => hasFailed === true && position.has(message))
  if (undead !== undefined) return `${undead.message} was said to have failed and is there`
  return (
    checkEnds(appends, final) ??
    checkAppendOrder(appends, position) ??
    checkReads(reads, appends, final, position) ??
    checkReadOrder(reads)
  )
}

type Append = Extract<Operation, { kind: 'append' }>
type Read = Extract<Operation, { kind: 'read' }>

/** Whoever was told where its message ends was told the truth. */
function checkEnds(appends: readonly Append[], final: readonly string[]): string | null {
  const ends = new Map<string, number>()
  let end = 0
  for (const message of final) ends.set(message, (end += message.length + 1))
  const wrong = appends.find((one) => one.end !== undefined && one.end !== ends.get(one.message))
  return wrong === undefined ? null : `${wrong.message} does not end at ${wrong.end}, as was said`
}

/** What was acknowledged before another append began comes before it. */
function checkAppendOrder(appends: readonly Append[], position: ReadonlyMap<string, number>): string | null {
  const there = appends.filter(({ message }) => position.has(message))
  const byEnd = there.filter((one) => one.ended !== null).sort((a, b) => a.ended! - b.ended!)
  let last: Append | null = null
  let next = 0
  for (const append of [...there].sort((a, b) => a.began - b.began)) {
    for (; next < byEnd.length && byEnd[next]!.ended! < append.began; next++) {
      const ended = byEnd[next]!
      if (last === null || position.get(ended.message)! > position.get(last.message)!) last = ended
    }
    if (last !== null && position.get(last.message)! > position.get(append.message)!) {
      return `${last.message} was acknowledged before ${append.message} began, and comes after it`
    }
  }
  return null
}

/** A read shows a part of the log, up to all that was acknowledged before it and nothing that began after it. */
function checkReads(
  reads: readonly Read[],
  appends: readonly Append[],
  final: readonly string[],
  position: ReadonlyMap<string, number>,
): string | null {
  for (const { from = 0, content } of reads) {
    if (content.some((message, i) => message !== final[from + i]))
      return `a read shows something else than the log in the end`
  }
  const place = ({ message }: Append): number => position.get(message) ?? Infinity
  return checkWhatReadsShow(reads, appends, place) ?? checkWhatReadsForesee(reads, appends, place)
}

/** In the order of time, with the last append in the log that was acknowledged so far. */
function checkWhatReadsShow(
  reads: readonly Read[],
  appends: readonly Append[],
  place: (append: Append) => number,
): string | null {
  const acknowledged = appends.filter(({ ended }) => ended !== null).sort((a, b) => a.ended! - b.ended!)
  let last: Append | null = null
  let next = 0
  for (const read of [...reads].sort((a, b) => a.began - b.began)) {
    for (; next < acknowledged.length && acknowledged[next]!.ended! < read.began; next++) {
      if (last === null || place(acknowledged[next]!) > place(last)) last = acknowledged[next]!
    }
    if (last !== null && place(last) >= endOf(read)) return `a later read does not show ${last.message}`
  }
  return null
}

/** Back in time, with the first append in the log of those that began later. */
function checkWhatReadsForesee(
  reads: readonly Read[],
  appends: readonly Append[],
  place: (append: Append) => number,
): string | null {
  const latest = [...appends].sort((a, b) => b.began - a.began)
  let first: Append | null = null
  let next = 0
  for (const read of [...reads].sort((a, b) => b.ended - a.ended)) {
    for (; next < latest.length && latest[next]!.began > read.ended; next++) {
      if (first === null || place(latest[next]!) < place(first)) first = latest[next]!
    }
    if (first !== null && place(first) < endOf(read))
      return `a read shows ${first.message}, which began after it`
  }
  return null
}

/** How much of the log a read has shown, with what was known before. */
function endOf({ from = 0, content }: Read): number {
  return from + content.length
}

/** What one read has shown, no later read takes back. */
function checkReadOrder(reads: readonly Read[]): string | null {
  const byEnd = [...reads].sort((a, b) => a.ended - b.ended)
  let longest = 0
  let next = 0
  for (const read of [...reads].sort((a, b) => a.began - b.began)) {
    for (; next < byEnd.length && byEnd[next]!.ended < read.began; next++) {
      longest = Math.max(longest, endOf(byEnd[next]!))
    }
    if (endOf(read) < longest) return `a read shows ${endOf(read)} messages after one of ${longest}`
  }
  return null
}

function findDouble(messages: readonly string[]): string {
  const seen = new Set<string>()
  return messages.find((message) => seen.size === seen.add(message).size) ?? ''
}
