import { formatBytes } from './quantities.js'

const REDRAW_EVERY_MS = 100
const BAR_WIDTH = 24

/** What a bar needs of its surroundings. */
export interface ProgressSurroundings {
  readonly write: (text: string) => void
  /** A monotonic clock in milliseconds. */
  readonly now: () => number
}

/**
 * One line on standard error that is overwritten while a transfer goes on: a bar when the whole is known, else how
 * much and how fast. It appears only once a transfer has taken a moment.
 */
export class ProgressBar {
  readonly #surroundings: ProgressSurroundings
  readonly #total: number | null
  readonly #startedAt: number
  #drawnAt: number
  #isDrawn = false

  /** @param total bytes in all; null if that is not known */
  constructor(total: number | null, surroundings: ProgressSurroundings) {
    this.#surroundings = surroundings
    this.#total = total
    this.#startedAt = this.#drawnAt = surroundings.now()
  }

  /** Tells how many bytes there are so far, in all. */
  update(bytes: number): void {
    const now = this.#surroundings.now()
    if (now - this.#drawnAt < REDRAW_EVERY_MS) return
    this.#drawnAt = now
    this.#isDrawn = true
    this.#surroundings.write(`\r\u001B[K${this.#line(bytes, now)}`)
  }

  /** Removes the line, so that something else can be written. */
  clear(): void {
    if (this.#isDrawn) this.#surroundings.write('\r\u001B[K')
    this.#isDrawn = false
  }

  #line(bytes: number, now: number): string {
    const perSecond = (bytes / Math.max(1, now - this.#startedAt)) * 1000
    const rate = `${formatBytes(Math.round(perSecond))}/s`
    if (this.#total === null || this.#total === 0) return `${formatBytes(bytes)}  ${rate}`
    const share = Math.min(1, bytes / this.#total)
    const full = Math.round(share * BAR_WIDTH)
    const bar = `[${'#'.repeat(full)}${'.'.repeat(BAR_WIDTH - full)}]`
    const leftS = perSecond === 0 ? 0 : Math.ceil((this.#total - bytes) / perSecond)
    return `${bar} ${Math.floor(share * 100)}%  ${formatBytes(bytes)} of ${formatBytes(this.#total)}  ${rate}  ${leftS} s left`
  }
}
