import type { Admission } from './admission.js'
import type { Durability, DurabilityReport } from './durability.js'
import type { RedisLink } from './redis-link.js'
import type { ServerFacts } from './server-facts.js'
import { isAtLeast, isLess, judgeDurability, whyNoSyncs } from './durability.js'
import { readFacts } from './server-facts.js'

export interface GuardSettings {
  readonly admission: Admission
  /** Sources of the scripts that every server needs. */
  readonly scripts: readonly string[]
  readonly minimumDurability: Durability
  readonly assumedDurability: Durability | null
  readonly acknowledge: Required<Acknowledgement> | null
  readonly bucketsOf: (link: RedisLink) => readonly number[]
}

/** What a commit waits for besides the server's own answer. */
export interface Acknowledgement {
  /** Replicas that have received the commit. */
  readonly replicas: number
  /** Whether the server and those replicas have synced it to their disks; needs Redis 7.2. Default false. */
  readonly synced?: boolean
  /** How long that may take, in milliseconds; then the outcome is unknown. Less than `commandTimeoutMs`. Default 1,000. */
  readonly timeoutMs?: number
}

/** What is known of a server that may be used. */
export interface GuardedServer {
  readonly facts: ServerFacts
  readonly report: DurabilityReport
  /** Why commits are refused; null when they are not. */
  readonly refusal: string | null
}

/** Examines servers: when they are connected to, and again from time to time. */
export class ServerGuard {
  readonly #settings: GuardSettings
  readonly #servers = new Map<RedisLink, GuardedServer>()
  readonly #readmissions = new Map<string, Promise<void>>()

  constructor(settings: GuardSettings) {
    this.#settings = settings
  }

  /** What was last found; undefined before the first examination. */
  stateOf(link: RedisLink): GuardedServer | undefined {
    return this.#servers.get(link)
  }

  forget(link: RedisLink): void {
    this.#servers.delete(link)
  }

  /** Makes a newly connected server ready to be used; rejects, with words for an operator, when it must not be. */
  async prepare(link: RedisLink): Promise<void> {
    const facts = await readFacts(link)
    if (!facts.isMaster) {
      link.reconnect('is a replica')
      throw new Error('is a replica')
    }
    if (!isAtLeast(facts.version, 7, 0)) throw new Error(`is version ${facts.version}, and 7.0 is needed`)
    const trouble = this.#isSyncAwaited ? whyNoSyncs(facts) : null
    if (trouble !== null) throw new Error(trouble)
    await this.loadScripts(link)
    const { admission, bucketsOf } = this.#settings
    await admission.admit(link, facts.run, facts.upForMs, bucketsOf(link))
    this.#judge(link, facts)
  }

  async loadScripts(link: RedisLink): Promise<void> {
    await Promise.all(this.#settings.scripts.map((script) => link.sendUnprepared('script', ['load', script])))
  }

  /** Admits a bucket that has come to a server from another one; callers of the same time share the work. */
  async readmit(link: RedisLink, bucket: number): Promise<void> {
    const server = this.#servers.get(link)
    if (server === undefined) return
    const key = `${link.address} ${bucket}`
    const under = this.#readmissions.get(key) ?? this.#readmit(link, server.facts, bucket)
    this.#readmissions.set(key, under)
    try {
      await under
    } finally {
      this.#readmissions.delete(key)
    }
  }

  /** Looks whether a server is still what it was; ends the connection when it has other data. */
  async check(link: RedisLink): Promise<void> {
    const facts = await readFacts(link)
    if (!facts.isMaster) {
      link.reconnect('has become a replica')
      return
    }
    this.#judge(link, facts)
    const { admission, bucketsOf } = this.#settings
    const strangers = await admission.findStrangers(link, facts.run, bucketsOf(link))
    if (strangers.length > 0) link.reconnect('has other data than before')
  }

  get #isSyncAwaited(): boolean {
    return this.#settings.acknowledge?.synced ?? false
  }

  #readmit(link: RedisLink, { run, upForMs }: ServerFacts, bucket: number): Promise<void> {
    return this.#settings.admission.admit(link, run, upForMs, [bucket])
  }

  #judge(link: RedisLink, facts: ServerFacts): void {
    const { minimumDurability, assumedDurability, acknowledge } = this.#settings
    const report = judgeDurability(facts, assumedDurability, this.#isSyncAwaited)
    const problems = [...report.problems]
    let refusal: string | null = null
    if (isLess(report.durability, minimumDurability)) {
      refusal = `commits would be ${report.durability}, and at least ${minimumDurability} is asked for`
      problems.push(refusal)
    }
    if (acknowledge !== null && facts.replicas < acknowledge.replicas) {
      problems.push(`has ${facts.replicas} replicas, and commits wait for ${acknowledge.replicas}`)
    }
    this.#servers.set(link, { facts, report: { ...report, problems }, refusal })
  }
}
