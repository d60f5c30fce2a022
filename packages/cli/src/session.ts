import { DurableStream, type BackoffOptions, type StreamHandleOptions } from '@ds/client'
import { ObservedFetch } from './connection/observed-fetch.js'
import { findStream, type StreamTarget } from './connection/stream-target.js'
import type { Settings } from './global-options.js'
import type { Host } from './terminal/host.js'
import { createPaint, type Paint } from './terminal/paint.js'
import { ProgressBar } from './terminal/progress-bar.js'

/** Retries of a request that somebody waits for at the prompt. */
const PROMPT_RETRIES = 2

/** One run of one command: its settings, and the ways to speak with the server and with the user. */
export class Session {
  readonly host: Host
  readonly settings: Settings
  /** For standard error. */
  readonly paint: Paint
  readonly observed: ObservedFetch
  #bar: ProgressBar | null = null

  constructor(host: Host, settings: Settings) {
    this.host = host
    this.settings = settings
    this.paint = createPaint(host.isErrTerminal, host.env)
    this.observed = new ObservedFetch({
      timeoutMs: settings.timeoutMs,
      log: settings.isVerbose ? (line) => this.#say(this.paint.quiet(line)) : null,
    })
  }

  find(name: string): StreamTarget {
    return findStream(name, this.settings.base)
  }

  /** What every request to a stream is sent with. */
  handleOptions(target: StreamTarget): StreamHandleOptions {
    return {
      url: target.url,
      headers: { ...this.settings.headers },
      fetch: this.observed.fetch,
      signal: this.host.signal,
      backoffOptions: this.backoff(this.settings.retries ?? PROMPT_RETRIES),
    }
  }

  backoff(maxRetries: number): BackoffOptions {
    return { initialDelay: 100, maxDelay: 10_000, multiplier: 2, maxRetries }
  }

  /** A handle of a stream, with the retries that suit somebody who waits. */
  open(target: StreamTarget): DurableStream {
    return new DurableStream(this.handleOptions(target))
  }

  /** The result of a command: words for people, or one line of JSON. */
  async tell(text: string, data: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.settings.isJson) await this.host.out.write(`${JSON.stringify(data)}\n`)
    else if (!this.settings.isQuiet && text !== '') await this.host.out.write(`${text}\n`)
  }

  /** Something worth knowing that is no result. */
  note(text: string): void {
    if (!this.settings.isQuiet && !this.settings.isJson) this.#say(`ds: ${text}`)
  }

  /** A bar on standard error, if that is a terminal which shows nothing else; null otherwise. */
  startProgress(total: number | null): ProgressBar | null {
    const { isQuiet, isVerbose, mayShowProgress } = this.settings
    if (!this.host.isErrTerminal || isQuiet || isVerbose || !mayShowProgress) return null
    this.#bar = new ProgressBar(total, { write: this.host.err, now: () => performance.now() })
    return this.#bar
  }

  /** Lets go of what is on the screen. */
  end(): void {
    this.#bar?.clear()
  }

  #say(line: string): void {
    this.#bar?.clear()
    this.host.err(`${line}\n`)
  }
}
