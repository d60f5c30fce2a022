import { readFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import { parseKnownFailures } from '../server/known-failures.js'
import { CAPABILITIES, type Capability, type Level } from '../server/server-case.js'
import type { CaseSelection } from '../server/select-cases.js'
import { LEVELS } from '../report/run-report.js'
import { UsageError } from './exit-codes.js'
import { REPORT_FORMATS, type ReportFormat } from './write-report.js'

/** What commander makes of the options that every way of judging shares. */
export interface SharedOptions {
  readonly section?: readonly string[]
  readonly level: Level
  readonly case?: readonly string[]
  readonly report?: ReportFormat
  readonly output?: string
  readonly knownFailures?: readonly string[]
  readonly list?: boolean
  readonly concurrency: number
  readonly timeout?: number
  readonly strict?: boolean
}

/** Options of `ds-conformance server`. */
export interface ServerOptions extends SharedOptions {
  readonly header?: readonly string[]
  readonly basePath?: string
  readonly longPollTimeout?: number
  readonly sseRecycle?: number
  readonly bodyLimit?: number
  readonly restartCommand?: string
  readonly capability?: readonly Capability[]
}

/** Which cases the options ask for. */
export function selectionOf({ section, level, case: only }: SharedOptions): CaseSelection {
  return {
    levels: LEVELS.slice(0, LEVELS.indexOf(level) + 1),
    ...(section === undefined ? {} : { section }),
    ...(only === undefined ? {} : { only }),
  }
}

/** Repeats of an option gather. */
export function gather<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => T[] {
  return (text, before) => [...(before ?? []), parse(text)]
}

export function parseSection(text: string): string {
  const section = text.replace(/^§/, '')
  if (!/^\d+(\.\d+)*$/.test(section)) throw new InvalidArgumentError('Give a section like 5.2.1.')
  return section
}

/** The weakest level that is run, in any letter case. */
export function parseLevel(text: string): Level {
  const level = LEVELS.find((one) => one === text.toUpperCase())
  if (level === undefined) throw new InvalidArgumentError('It is must, should or may.')
  return level
}

export function parseReportFormat(text: string): ReportFormat {
  if (!REPORT_FORMATS.includes(text)) throw new InvalidArgumentError(`It is ${REPORT_FORMATS.join(', ')}.`)
  return text as ReportFormat
}

export function parseCapability(text: string): Capability {
  const capability = CAPABILITIES.find((one) => one === text)
  if (capability === undefined) throw new InvalidArgumentError(`It is one of ${CAPABILITIES.join(', ')}.`)
  return capability
}

/** A whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`)
    return value
  }
}

export function readKnownFailures(file: string): string[] {
  try {
    return parseKnownFailures(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new UsageError(`the list of known failures cannot be read: ${(error as Error).message}`)
  }
}
