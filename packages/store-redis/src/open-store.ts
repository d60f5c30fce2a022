import type { AdmissionSettings, DataLoss } from './admission.js'
import type { Acknowledgement } from './server-guard.js'
import type { CommitConstants } from './commit-plan.js'
import type { RedisStoreOptions, RedisStoreSettings } from './options.js'
import type { Router } from './router.js'
import { ADMIT_SCRIPT, REINCARNATE_SCRIPT } from './scripts/admit.js'
import { APPEND_SCRIPT } from './scripts/append.js'
import { Acknowledgements } from './acknowledgements.js'
import { Admission } from './admission.js'
import { BUCKETS } from './buckets.js'
import { BucketServers } from './bucket-servers.js'
import { COMMIT_SCRIPT } from './scripts/commit.js'
import { DUE_SCRIPT, REAP_SCRIPT } from './scripts/indexes.js'
import { CommitMemory } from './commit-memory.js'
import { Commands } from './commands.js'
import { Incarnations } from './incarnations.js'
import { KeyNames } from './keys.js'
import { Listings } from './listings.js'
import { Network, connectLegacy } from './network.js'
import { Recollections } from './recollections.js'
import { ServerGuard } from './server-guard.js'
import { TOUCH_SCRIPT } from './scripts/touch.js'
import { WakeUps } from './wake-ups.js'
import { createHash, randomUUID } from 'node:crypto'
import { settle } from './options.js'

/** What an open store consists of. */
export interface OpenParts {
  readonly keys: KeyNames
  readonly scripts: Readonly<Record<ScriptName, string>>
  readonly constants: CommitConstants
  readonly memory: CommitMemory
  readonly incarnations: Incarnations
  readonly recollections: Recollections
  readonly guard: ServerGuard
  readonly router: Router
  readonly servers: BucketServers
  readonly commands: Commands
  /** Whether buckets may be on several servers. */
  readonly isCluster: boolean
  readonly listings: Listings
  readonly wakeUps: WakeUps
  readonly acknowledge: Required<Acknowledgement> | null
  readonly acknowledgements: Acknowledgements | null
  /** What was found to be lost; the oldest are dropped. */
  readonly losses: DataLoss[]
  close(): Promise<void>
}

type ScriptName = 'append' | 'commit' | 'touch' | 'due' | 'reap' | 'admit' | 'reincarnate'

const SCRIPTS: Readonly<Record<ScriptName, string>> = {
  append: APPEND_SCRIPT,
  commit: COMMIT_SCRIPT,
  touch: TOUCH_SCRIPT,
  admit: ADMIT_SCRIPT,
  reincarnate: REINCARNATE_SCRIPT,
  due: DUE_SCRIPT,
  reap: REAP_SCRIPT,
}
const SCRIPT_IDS = Object.fromEntries(
  Object.entries(SCRIPTS).map(([name, source]) => [name, createHash('sha1').update(source).digest('hex')]),
) as Record<ScriptName, string>
const MAX_LOSSES = 20
const RECALLED_STREAMS = 16_384

/** Puts the parts together and waits until Redis can be used. */
export async function openParts(options: RedisStoreOptions): Promise<OpenParts> {
  const settings = settle(options, connectLegacy)
  const parts = assemble(settings)
  const checking = setInterval(() => checkServers(parts), settings.checkIntervalMs)
  checking.unref()
  const close = async (): Promise<void> => {
    clearInterval(checking)
    parts.wakeUps.close()
    await Promise.all(parts.router.links().map((link) => link.whenIdle()))
    parts.router.close()
  }
  parts.router.start()
  try {
    await parts.network.whenUsable(parts.router)
  } catch (error) {
    await close()
    throw error
  }
  return { ...parts, close }
}

function assemble(settings: RedisStoreSettings): Omit<OpenParts, 'close'> & { readonly network: Network } {
  const { acknowledge, expiryMarginMs, rememberMs } = settings
  const keys = new KeyNames(settings.keyPrefix)
  const memory = new CommitMemory(settings.rememberedStreams)
  const losses: DataLoss[] = []
  const publishCommand = settings.cluster === null ? 'PUBLISH' : 'SPUBLISH'
  const guard: ServerGuard = new ServerGuard({
    ...settings,
    admission: new Admission({ ...lossSettings(settings, losses), keys, memory, publishCommand }),
    scripts: Object.values(SCRIPTS),
    bucketsOf: (link) => router.bucketsOf(link),
  })
  const network = new Network(settings, guard)
  const router: Router = network.openRouter((serving) => {
    wakeUps.retain(serving)
    wakeUps.reroute()
  })
  const wakeUps = new WakeUps({
    keys,
    addressOf: (bucket) => router.linkOf(bucket)?.address ?? null,
    openSubscriber: (address, listener) =>
      network.openSubscriber(address, { ...listener, onMoved: () => void router.refresh() }),
  })
  const { commandTimeoutMs: patienceMs, reconnectWaitMs } = settings
  const commands = new Commands({ router, guard, patienceMs, reconnectWaitMs })
  const servers = new BucketServers(router, guard, memory)
  const acknowledgements = acknowledge === null ? null : new Acknowledgements(acknowledge)
  return {
    keys,
    scripts: SCRIPT_IDS,
    constants: { expiryMarginMs, rememberMs, publishCommand, node: randomUUID() },
    memory,
    incarnations: new Incarnations(settings.rememberedStreams),
    recollections: new Recollections(RECALLED_STREAMS),
    guard,
    network,
    router,
    servers,
    commands,
    isCluster: settings.cluster !== null,
    listings: new Listings(commands, keys, SCRIPT_IDS, settings.cluster === null ? BUCKETS : 1),
    wakeUps,
    acknowledge,
    acknowledgements,
    losses,
  }
}

function lossSettings(
  { quarantineMs, onDataLoss }: RedisStoreSettings,
  losses: DataLoss[],
): Pick<AdmissionSettings, 'scripts' | 'quarantineMs' | 'onLoss'> {
  return {
    scripts: SCRIPT_IDS,
    quarantineMs,
    onLoss: (loss) => {
      losses.push(loss)
      if (losses.length > MAX_LOSSES) losses.shift()
      onDataLoss(loss)
    },
  }
}

function checkServers({ router, guard }: Pick<OpenParts, 'router' | 'guard'>): void {
  for (const link of router.links()) {
    // A failure shows in the link itself.
    if (link.isUsable) guard.check(link).catch(() => undefined)
  }
}
