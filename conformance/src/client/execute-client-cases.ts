import { reportClientFailure } from './report-client-failure.js'
import type { CaseReport, Verdict } from '../report/run-report.js'
import { runAtOnce } from '../run/worker-pool.js'
import { removeStreams } from '../run/remove-streams.js'
import { refuseUnknownIds, selectCases, type CaseSelection } from '../server/select-cases.js'
import { AdapterFault, AdapterProcess } from './adapter-process.js'
import { ADAPTER_PROTOCOL_VERSION, type AdapterFeatures } from './adapter-protocol.js'
import { clientCases } from './cases/index.js'
import { NotSupported, type ClientCase } from './client-case.js'
import { ClientContext } from './client-context.js'
import { StageServer } from './stage/stage-server.js'

const START_TIMEOUT_MS = 20_000
const CASE_TIMEOUT_MS = 60_000

/** How client cases are run. */
export interface ClientRun extends CaseSelection {
  /** The adapter's command and its arguments. */
  readonly command: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** A server for the cases that work with any; the scripted server unless given. */
  readonly serverUrl?: string
  /** Only the cases that work with any server, or only those that need the scripted one. */
  readonly on?: 'any' | 'stage'
  readonly knownFailures?: readonly string[]
  /** Adapters that run at once. Default 4. */
  readonly concurrency?: number
  readonly caseTimeoutMs?: number
  readonly signal?: AbortSignal
  readonly onCase?: (one: CaseReport) => void
}

/** What a run found out, and what the client says that it is. */
export interface ClientOutcome {
  readonly client: string
  readonly cases: CaseReport[]
}

/** Runs every selected client case. An adapter that cannot be used at all is an {@link AdapterFault}. */
export async function executeClientCases(run: ClientRun): Promise<ClientOutcome> {
  refuseUnknownIds(clientCases, run.knownFailures ?? [])
  const selected = selectClientCases(run)
  const stage = new StageServer()
  await stage.start()
  const workers: Worker[] = []
  const paths: string[] = []
  try {
    const first = await Worker.start(run, stage)
    workers.push(first)
    const reports = new Map<string, CaseReport>()
    const idle = [first]
    await runAtOnce(selected, run.concurrency ?? 4, async (one) => {
      if (run.signal?.aborted === true) return
      const worker = idle.pop() ?? (await Worker.start(run, stage))
      if (!workers.includes(worker)) workers.push(worker)
      const report = await worker.execute(one, paths)
      idle.push(worker)
      if (report === undefined) return
      reports.set(one.id, report)
      run.onCase?.(report)
    })
    const cases = selected.map((one) => reports.get(one.id) ?? describe(one, 'not-run', 0))
    return { client: first.client, cases }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
    await stage.stop()
    if (run.serverUrl !== undefined) await removeStreams(paths, { baseUrl: run.serverUrl })
  }
}

/** The cases that a run selects. */
export function selectClientCases({ on, ...selection }: CaseSelection & Pick<ClientRun, 'on'>): ClientCase[] {
  return selectCases(clientCases, selection).filter((one) => on === undefined || one.on === on)
}

/** One adapter process after the other: one that broke is replaced. */
class Worker {
  readonly #run: ClientRun
  readonly #stage: StageServer
  #adapter: AdapterProcess
  #features: AdapterFeatures = {}
  client = ''

  private constructor(run: ClientRun, stage: StageServer) {
    this.#run = run
    this.#stage = stage
    this.#adapter = new AdapterProcess(run.command, run.env)
  }

  static async start(run: ClientRun, stage: StageServer): Promise<Worker> {
    const worker = new Worker(run, stage)
    try {
      await worker.#init(stage.url)
    } catch (error) {
      worker.#adapter.kill()
      throw error
    }
    return worker
  }

  async execute(one: ClientCase, paths: string[]): Promise<CaseReport | undefined> {
    const startedAt = performance.now()
    const serverUrl = one.on === 'stage' ? this.#stage.url : (this.#run.serverUrl ?? this.#stage.url)
    let ctx: ClientContext | undefined
    const stop = (): void => this.#adapter.kill()
    this.#run.signal?.addEventListener('abort', stop, { once: true })
    let error: unknown
    try {
      if (!this.#adapter.isUsable) this.#adapter = new AdapterProcess(this.#run.command, this.#run.env)
      await this.#init(serverUrl)
      const missing = (one.needs ?? []).filter((need) => !this.#has(need))
      if (missing.length > 0) throw new NotSupported(`needs ${missing.join(', ')}`)
      ctx = new ClientContext(this.#adapter, this.#stage, serverUrl)
      await this.#within(one.run(ctx))
    } catch (fault) {
      error = fault
    } finally {
      this.#run.signal?.removeEventListener('abort', stop)
    }
    paths.push(...(ctx?.paths ?? []))
    if (error !== undefined && this.#run.signal?.aborted === true) return undefined
    const durationMs = Math.round(performance.now() - startedAt)
    return this.#judge(one, error, durationMs, ctx)
  }

  async stop(): Promise<void> {
    await this.#adapter.stop()
  }

  #judge(one: ClientCase, error: unknown, durationMs: number, ctx: ClientContext | undefined): CaseReport {
    if (error instanceof NotSupported)
      return { ...describe(one, 'skipped', durationMs), reason: error.message }
    const isListed = this.#run.knownFailures?.includes(one.id) === true
    if (error === undefined) return describe(one, isListed ? 'fixed' : 'passed', durationMs)
    const failure = reportClientFailure(error, ctx)
    return { ...describe(one, isListed ? 'known-failure' : 'failed', durationMs), failure }
  }

  /** Long-poll is what every client has; the reference's adapters did not always say so. */
  #has(feature: keyof AdapterFeatures): boolean {
    return this.#features[feature] ?? feature === 'longPoll'
  }

  async #init(serverUrl: string): Promise<void> {
    const command = { type: 'init', serverUrl, protocolVersion: ADAPTER_PROTOCOL_VERSION } as const
    const result = await this.#adapter.send(command, START_TIMEOUT_MS)
    if (!result.success) throw new AdapterFault(`the adapter refuses init: ${result.message}`)
    this.#features = result.features ?? {}
    this.client = [result.clientName, result.clientVersion].filter((part) => part !== undefined).join(' ')
  }

  async #within(running: Promise<void>): Promise<void> {
    const limitMs = this.#run.caseTimeoutMs ?? CASE_TIMEOUT_MS
    let timer: NodeJS.Timeout | undefined
    const overdue = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new AdapterFault(`no result within ${limitMs} ms`))
        this.#adapter.kill()
      }, limitMs)
    })
    // What the case still does once it is overdue fails with the adapter.
    running.catch(() => undefined)
    try {
      await Promise.race([running, overdue])
    } finally {
      clearTimeout(timer)
    }
  }
}

function describe(one: ClientCase, verdict: Verdict, durationMs: number): CaseReport {
  const { id, section, level, title } = one
  return { id, section, level, title, verdict, durationMs }
}
