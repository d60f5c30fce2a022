import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { parseResult, type AdapterCommand, type AdapterResult } from './adapter-protocol.js'

const MOST_NOISE_CHARS = 4000
const STOP_GRACE_MS = 1000

/** The adapter cannot be used: it did not start, ended, said something else than results, or said nothing. */
export class AdapterFault extends Error {
  override readonly name: string = 'AdapterFault'
}

/** A client adapter as a child process: commands go in as lines, one result comes back for each. */
export class AdapterProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #label: string
  #take: ((result: AdapterResult | AdapterFault) => void) | undefined
  #fault: AdapterFault | undefined
  #noise = ''

  constructor(command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
    const [file = '', ...args] = command
    this.#label = command.join(' ')
    this.#child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
    this.#child.once('error', (error) => this.#end(`cannot be started: ${error.message}`))
    this.#child.once('close', (code, signal) => this.#end(`ended with ${signal ?? code}`))
    // A pipe that breaks shows as the end of the process.
    this.#child.stdin.on('error', () => undefined)
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#noise = (this.#noise + chunk.toString()).slice(-MOST_NOISE_CHARS)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#receive(line))
  }

  /** False once it cannot answer any more. */
  get isUsable(): boolean {
    return this.#fault === undefined
  }

  /** Sends a command and waits for its result, which may be an error of the client; an adapter's own fault rejects. */
  async send(command: AdapterCommand, timeoutMs: number): Promise<AdapterResult> {
    if (this.#fault !== undefined) throw this.#fault
    if (this.#take !== undefined) throw new AdapterFault('a command is sent before the last one was answered')
    let timer: NodeJS.Timeout | undefined
    const result = await new Promise<AdapterResult | AdapterFault>((resolve) => {
      this.#take = resolve
      timer = setTimeout(() => {
        resolve(this.#end(`gave no result to ${command.type} within ${timeoutMs} ms`))
      }, timeoutMs)
      this.#child.stdin.write(`${JSON.stringify(command)}\n`)
    })
    clearTimeout(timer)
    this.#take = undefined
    if (result instanceof AdapterFault) throw result
    return result
  }

  /** Asks it to shut down, and ends it if it does not. */
  async stop(): Promise<void> {
    if (this.#fault !== undefined) return
    const ended = new Promise<void>((resolve) => this.#child.once('close', () => resolve()))
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_GRACE_MS)
    this.#child.stdin.end(`${JSON.stringify({ type: 'shutdown' } satisfies AdapterCommand)}\n`)
    await ended
    clearTimeout(timer)
  }

  /** Ends it at once. */
  kill(): void {
    this.#end('was stopped')
  }

  #receive(line: string): void {
    if (line.trim() === '') return
    const result = parseResult(line)
    if (result === null) this.#end(`wrote a line that is no result: ${line.slice(0, 200)}`)
    else if (this.#take === undefined) {
      // The answer to `shutdown` has nobody who waits for it.
      if (result.type !== 'shutdown') this.#end(`wrote a result that nobody asked for: ${line.slice(0, 200)}`)
    } else this.#take(result)
  }

  #end(why: string): AdapterFault {
    const noise = this.#noise.trim() === '' ? '' : `\nIts standard error ends with:\n${this.#noise.trim()}`
    this.#fault ??= new AdapterFault(`the adapter \`${this.#label}\` ${why}${noise}`)
    this.#take?.(this.#fault)
    this.#child.kill('SIGKILL')
    return this.#fault
  }
}
