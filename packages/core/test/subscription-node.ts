import type {
  DeliveryResult,
  SubscriptionLimits,
  WebhookDelivery,
} from '../src/subscriptions/subscription-environment.js'
import type { LiveSubscription } from '../src/subscriptions/subscription-state.js'
import type { SubscriptionConfig } from '../src/subscriptions/subscription-config.js'
import type { TestDisk } from './test-disk.js'
import type { WakeRef } from '../src/subscriptions/decide-lease.js'
import { FakeEnvironment } from './fake-environment.js'
import { StreamEngine } from '../src/streams/stream-engine.js'
import { SubscriptionService } from '../src/subscriptions/subscription-service.js'
import { TestStore } from './test-store.js'
import { appendOf, creation, pathOf } from './requests.js'

/** A wake that was posted to the webhook, and how to answer it. */
export interface PostedWake extends WebhookDelivery {
  readonly node: string
  answer: (result: DeliveryResult) => void
}

export interface SubscriptionNodeOptions {
  readonly disk?: TestDisk
  readonly name?: string
  readonly time?: number
  readonly isShared?: boolean
  readonly limits?: Partial<SubscriptionLimits>
  /** What receivers answer at once; null leaves the answer to the test. */
  readonly answer?: DeliveryResult | null
}

/** One node of a server with subscriptions: an engine, a service, a clock, and webhooks that only a test answers. */
export class SubscriptionNode {
  readonly name: string
  readonly environment: FakeEnvironment
  readonly store: TestStore
  readonly engine: StreamEngine
  readonly service: SubscriptionService
  readonly posts: PostedWake[] = []
  readonly faults: Error[] = []
  answer: DeliveryResult | null

  constructor(options: SubscriptionNodeOptions = {}) {
    this.name = options.name ?? '1'
    this.answer = options.answer === undefined ? { kind: 'done' } : options.answer
    this.environment = new FakeEnvironment(this.name, options.time)
    this.store = new TestStore(options.disk)
    this.store.capabilities = { ...this.store.capabilities, multiNode: options.isShared ?? false }
    this.engine = new StreamEngine({
      store: this.store,
      environment: this.environment,
      limits: { sweepIntervalMs: 0 },
      onStreamGrown: (path) => this.service.noteAppend(path),
    })
    const { environment } = this
    this.service = new SubscriptionService({
      engine: this.engine,
      environment: {
        now: () => environment.now(),
        schedule: (delayMs, run) => environment.schedule(delayMs, run),
        defer: (run) => environment.defer(run),
        newStreamId: () => environment.newStreamId(),
        random: () => 0.5,
        digest: (text) => Promise.resolve(text),
        deliver: (delivery) => this.#post(delivery),
      },
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      onBackgroundFault: (fault) => this.faults.push(fault),
    })
    this.service.start()
  }

  get disk(): TestDisk {
    return this.store.disk
  }

  /** Creates a JSON stream with a first message; or appends one to it. */
  async write(path: string, message = '1'): Promise<void> {
    const request = { contentType: 'application/json' }
    const appended = await this.engine.append(pathOf(path), appendOf(message, request))
    if (appended.kind === 'not-found') await this.engine.create(pathOf(path), creation(message, request))
  }

  async create(id: string, config: Partial<SubscriptionConfig> = {}): Promise<LiveSubscription> {
    const outcome = await this.service.create(id, configOf(config), 'http://base')
    if (!('subscription' in outcome)) throw new Error(outcome.kind)
    return outcome.subscription
  }

  /** The offset of a stream's tail. */
  async tail(path: string): Promise<string> {
    const outcome = await this.engine.head(pathOf(path))
    if (outcome.kind !== 'found') throw new Error(`${path} is ${outcome.kind}`)
    return outcome.stream.tail
  }

  /** The cursors of a subscription, by path. */
  async cursors(id: string): Promise<Record<string, string>> {
    const state = await this.service.read(id)
    return Object.fromEntries([...state!.links].map(([path, { acked }]) => [path, acked]))
  }

  /** The events in a wake stream. */
  async wakes(path = 'wake'): Promise<{ generation: number; stream: string; subscription_id: string }[]> {
    const outcome = await this.engine.read(pathOf(path), null)
    if (outcome.kind !== 'page') throw new Error(outcome.kind)
    const text = outcome.pieces.map((piece) => new TextDecoder().decode(piece)).join('')
    return JSON.parse(`[${text.replace(/,\n$/, '')}]`) as never
  }

  /** Lets everything happen that can without time passing. */
  settle(): Promise<void> {
    return this.environment.advance(10)
  }

  advance(ms: number): Promise<void> {
    return this.environment.advance(ms)
  }

  crash(): void {
    this.store.die()
    this.environment.kill()
  }

  #post(delivery: WebhookDelivery): Promise<DeliveryResult> {
    return new Promise((resolve) => {
      this.posts.push({ ...delivery, node: this.name, answer: resolve })
      if (this.answer !== null) resolve(this.answer)
    })
  }
}

export function configOf(over: Partial<SubscriptionConfig> = {}): SubscriptionConfig {
  return {
    type: 'webhook',
    pattern: 'events/*',
    streams: [],
    webhookUrl: over.type === 'pull-wake' ? null : 'https://worker.test/hook',
    wakeStream: over.type === 'pull-wake' ? pathOf('wake') : null,
    leaseTtlMs: 30_000,
    description: null,
    ...over,
  }
}

/** A worker's report on a wake, without acks. */
export function reportOf(wake: WakeRef, over: object = {}): never {
  const { generation, wakeId } = wake
  return { token: wake, generation, wakeId, acks: [], done: true, ...over } as never
}

/** Lets time pass on several nodes at once. */
export async function advanceAll(nodes: readonly SubscriptionNode[], ms: number, stepMs = 50): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    for (const node of nodes) await node.advance(stepMs)
  }
}
