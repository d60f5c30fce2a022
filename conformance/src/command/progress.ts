import type { CaseReport } from '../report/run-report.js'
import { paintFor, type Terminal } from './terminal.js'

const LINE_EVERY_MS = 5000
const REDRAW_EVERY_MS = 100

/** Tells how a run goes: failures as they happen, and how far it is. */
export class Progress {
  readonly #terminal: Terminal
  readonly #total: number
  readonly #now: () => number
  #ended = 0
  #failed = 0
  #toldAt: number

  constructor(terminal: Terminal, total: number, now: () => number = () => performance.now()) {
    this.#terminal = terminal
    this.#total = total
    this.#now = now
    this.#toldAt = now()
  }

  /** Takes a case that has ended. */
  add(one: CaseReport): void {
    this.#ended += 1
    if (one.verdict === 'failed' || one.verdict === 'fixed') this.#tellFailure(one)
    const every = this.#terminal.isInteractive ? REDRAW_EVERY_MS : LINE_EVERY_MS
    if (this.#now() - this.#toldAt >= every) this.#tellPosition()
  }

  /** Removes the line that was being overwritten. */
  end(): void {
    if (this.#terminal.isInteractive) this.#terminal.err('\r\u001B[K')
  }

  #tellFailure(one: CaseReport): void {
    this.#failed += 1
    const paint = paintFor(this.#terminal)
    const what =
      one.verdict === 'fixed'
        ? paint.warn('listed as a failure, but passes')
        : paint.bad(`${one.level} fails`)
    this.end()
    this.#terminal.err(`  ${what}  ${one.id}  ${one.title}\n`)
  }

  #tellPosition(): void {
    this.#toldAt = this.#now()
    const line = `  ${this.#ended} of ${this.#total} cases${this.#failed === 0 ? '' : `, ${this.#failed} failed`}`
    this.#terminal.err(this.#terminal.isInteractive ? `\r\u001B[K${line}` : `${line}\n`)
  }
}
