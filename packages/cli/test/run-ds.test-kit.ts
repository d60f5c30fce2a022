import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { PassThrough, Readable } from 'node:stream'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { runCommandLine } from '../src/run-command-line.js'
import { StandardOutput } from '../src/terminal/standard-output.js'

// Processes take their time where many others run.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** The built command: tests run what users run. */
export const MAIN: string = fileURLToPath(new URL('../dist/main.js', import.meta.url))

if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: run \`pnpm build\` first`)

export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export interface RunResult {
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly bytes: Buffer
}

/** A process of which the output is kept. */
export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<RunResult>
  #out: Buffer[] = []
  #err = ''
  #hasEnded = false
  #onOutput: (() => void)[] = []

  constructor(command: string, args: readonly string[], { env = {}, cwd }: RunOptions = {}) {
    this.process = spawn(command, args, {
      env: environment(env),
      stdio: 'pipe',
      ...(cwd === undefined ? {} : { cwd }),
    })
    this.process.stdin!.on('error', () => undefined)
    this.process.stdout!.on('data', (chunk: Buffer) => this.#take(() => this.#out.push(chunk)))
    this.process.stderr!.on('data', (chunk: Buffer) => this.#take(() => (this.#err += chunk.toString())))
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code) => {
        this.#hasEnded = true
        resolve({ code, ...this.output })
      })
    })
    onTestFinished(async () => {
      this.process.kill('SIGKILL')
      await this.ended
    })
  }

  get output(): Omit<RunResult, 'code'> {
    const bytes = Buffer.concat(this.#out)
    return { stdout: bytes.toString(), stderr: this.#err, bytes }
  }

  /** Resolves when the output is as wanted; rejects if the process ends before. */
  async until(isThere: (output: Omit<RunResult, 'code'>) => boolean): Promise<void> {
    void this.ended.then(() => this.#notify())
    while (!isThere(this.output)) {
      if (this.#hasEnded) throw new Error(`it ended before: ${this.output.stdout}${this.output.stderr}`)
      await new Promise<void>((resolve) => this.#onOutput.push(resolve))
    }
  }

  #take(keep: () => void): void {
    keep()
    this.#notify()
  }

  #notify(): void {
    for (const resolve of this.#onOutput.splice(0)) resolve()
  }
}

/** Starts `ds`. */
export function startDs(args: readonly string[], options: RunOptions = {}): Running {
  return new Running(process.execPath, [MAIN, ...args], options)
}

/** Runs `ds` to its end; without input, standard input is empty. */
export async function ds(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const running = startDs(args, options)
  running.process.stdin!.end(options.input ?? '')
  return running.ended
}

/** The same in this process, which is faster: for what needs no process of its own. */
export async function dsInProcess(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const out = new PassThrough()
  const chunks: Buffer[] = []
  let stderr = ''
  out.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await runCommandLine(args, {
    stdin: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]),
    out: new StandardOutput(out),
    err: (text) => (stderr += text),
    isErrTerminal: false,
    isOutTerminal: false,
    env: options.env ?? {},
    signal: new AbortController().signal,
  })
  const bytes = Buffer.concat(chunks)
  return { code, stdout: bytes.toString(), stderr, bytes }
}

/** Runs a script of bash in which `ds` and `durable-stream` are there. */
export async function bash(script: string, options: RunOptions = {}): Promise<RunResult> {
  const running = startBash(script, options)
  running.process.stdin!.end(options.input ?? '')
  return running.ended
}

export function startBash(script: string, { env = {}, ...options }: RunOptions = {}): Running {
  const path = `${binFolder()}:${process.env['PATH'] ?? ''}`
  return new Running('bash', ['-c', `set -o pipefail\n${script}`], {
    ...options,
    env: { PATH: path, ...env },
  })
}

let bin: string | null = null

/** A folder with the commands as npm would install them. */
export function binFolder(): string {
  if (bin !== null) return bin
  bin = mkdtempSync(join(tmpdir(), 'ds-bin-'))
  chmodSync(MAIN, 0o755)
  for (const name of ['ds', 'durable-stream']) symlinkSync(MAIN, join(bin, name))
  process.on('exit', () => rmSync(bin!, { recursive: true, force: true }))
  return bin
}

/** An empty folder that goes with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ds-cli-test-'))
  mkdirSync(folder, { recursive: true })
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function environment(own: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH = '', HOME = '', LANG = 'C.UTF-8' } = process.env
  return { PATH, HOME, LANG, ...own }
}
