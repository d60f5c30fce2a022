import type { SubscriptionEvent } from './subscription-events.js'
import type { Wake } from './subscription-state.js'
import type { WakeRef } from './decide-lease.js'
import { Shuffle, choices } from '../../test/simulation.js'
import { SubscriptionNode, reportOf } from '../../test/subscription-node.js'
import { TestDisk } from '../../test/test-disk.js'
import { creation, pathOf, textOf } from '../../test/requests.js'
import { expect, test } from 'vitest'
import { subscriptionPath } from './subscription-config.js'

const JSON_TYPE = { contentType: 'application/json' }
const PATHS = ['events/a', 'events/b', 'manual']
const { DS_CHAOS_SEEDS } = process.env
const SEEDS = DS_CHAOS_SEEDS === undefined ? 60 : Number(DS_CHAOS_SEEDS)

/** Checks what no log may ever tell, commit by commit. */
class Referee {
  generation = 0
  #wakeId = ''
  #holder: string | null = null
  #read = 0
  readonly #cursors = new Map<string, string>()
  readonly #disk: TestDisk

  constructor(disk: TestDisk) {
    this.#disk = disk
  }

  judge(): void {
    for (const { path, change } of this.#disk.log.slice(this.#read)) {
      this.#read++
      if (path !== subscriptionPath('s') || change.record === null) continue
      const text = textOf(change.bytes).replace(/,\n$/, '')
      for (const event of JSON.parse(`[${text}]`) as SubscriptionEvent[]) this.#check(event)
    }
  }

  #check(event: SubscriptionEvent): void {
    if (event.e === 'unlinked') for (const path of event.paths) this.#cursors.delete(path)
    if (event.e === 'wake') this.#checkWake(event.wake)
    if (event.e !== 'acked') return
    for (const [path, offset] of event.acks) {
      if (offset < (this.#cursors.get(path) ?? '')) throw new Error(`the cursor of ${path} went back`)
      this.#cursors.set(path, offset)
    }
  }

  #checkWake(wake: Wake | null): void {
    if (wake?.id !== this.#wakeId) this.#holder = null
    if (wake !== null && wake.id !== this.#wakeId) {
      if (wake.generation <= this.generation) throw new Error('a generation came again')
      if (this.#wakeId !== '') throw new Error('a wake began before the last one had ended')
    }
    if (this.#holder !== null && wake?.holder !== this.#holder) throw new Error('two holders of one wake')
    this.#wakeId = wake?.id ?? ''
    this.generation = wake?.generation ?? this.generation
    this.#holder = wake?.holder ?? null
  }
}

/** Nodes, workers and a clock under the control of one list of choices. */
class Chaos {
  readonly pick: (count: number) => number
  readonly disk: TestDisk = new TestDisk()
  readonly nodes: SubscriptionNode[]
  readonly referee: Referee
  readonly type: 'webhook' | 'pull-wake'
  readonly #shuffle: Shuffle
  readonly #wakes: WakeRef[] = []
  readonly #offsets = new Map<string, string[]>()
  readonly #underWay: Promise<unknown>[] = []
  #workers = 0

  constructor(seed: number) {
    this.pick = choices(seed)
    this.type = this.pick(2) === 0 ? 'webhook' : 'pull-wake'
    const isShared = this.pick(4) > 0
    const limits = {
      scanIntervalMs: this.pick(2) * 3_000,
      maxWakeStreams: 1 + this.pick(3),
      clockSkewMs: 500,
    }
    const names = isShared ? ['1', '2', '3'] : ['1']
    this.nodes = names.map(
      (name) => new SubscriptionNode({ disk: this.disk, name, isShared, limits, answer: null }),
    )
    this.referee = new Referee(this.disk)
    this.#shuffle = new Shuffle(this.nodes, (count) => this.pick(count))
  }

  async prepare(): Promise<void> {
    const [node] = this.nodes
    const made = node!.engine.create(pathOf('wake'), creation('[]', JSON_TYPE))
    await this.#finish(made)
    const streams = this.pick(2) === 0 ? [pathOf('manual')] : []
    await this.#finish(node!.create('s', { type: this.type, streams, leaseTtlMs: 1_000 }))
  }

  async run(steps: number): Promise<void> {
    for (let i = 0; i < steps; i++) {
      this.#act()
      for (let n = this.pick(12); n > 0; n--) await this.#shuffle.step()
      if (this.pick(6) === 0) await this.#someNode().environment.advance(this.pick(700))
      this.referee.judge()
    }
  }

  /** Workers work, time passes, and at the end nothing is left. */
  async quiesce(): Promise<void> {
    await this.#shuffle.run()
    for (let i = 0; i < 400; i++) {
      this.#answer('done')
      if (this.type === 'pull-wake') this.#claimAndWork()
      for (const node of this.nodes) await node.environment.advance(250)
      await this.#shuffle.run()
      this.referee.judge()
      if (i > 40 && (await this.#isDone())) break
    }
    const node = this.nodes[0]!
    const state = (await this.#finish(node.service.read('s')))!
    expect([...state.pending]).toEqual([])
    for (const [path, { acked }] of state.links) expect(acked).toBe(await this.#finish(node.tail(path)))
    for (const path of PATHS.slice(0, 2))
      if (this.disk.streams.has(pathOf(path))) expect(state.links.has(pathOf(path))).toBe(true)
    for (const { faults } of this.nodes) expect(faults).toEqual([])
    const sent = this.nodes.flatMap(({ posts }) => posts.map(({ wake }) => wake.generation))
    expect(new Set(sent).size).toBe(sent.length)
    this.#underWay.length = 0
  }

  #act(): void {
    const node = this.#someNode()
    switch (this.pick(7)) {
      case 0:
      case 1:
        this.#do(this.#append(node))
        break
      case 2:
        this.#answer((['done', 'accepted'] as const)[this.pick(2)]!)
        break
      case 3:
        if (this.type === 'pull-wake') this.#do(this.#claim(node))
        break
      case 4:
      case 5:
        this.#do(this.#ack(node))
        break
      case 6:
        this.#do(this.#release(node))
    }
  }

  async #append(node: SubscriptionNode): Promise<void> {
    const path = PATHS[this.pick(PATHS.length)]!
    await node.write(path)
    const tail = await node.tail(path)
    this.#offsets.set(path, [...(this.#offsets.get(path) ?? []), tail])
  }

  async #claim(node: SubscriptionNode): Promise<void> {
    const outcome = await node.service.claim('s', `w${++this.#workers}`)
    if (outcome.kind === 'claimed') this.#wakes.push(outcome.wake)
  }

  async #ack(node: SubscriptionNode): Promise<void> {
    for (const { posts } of this.nodes) for (const { wake } of posts) this.#wakes.push(wake)
    const wake = this.#wakes[this.#wakes.length - 1 - this.pick(Math.min(4, this.#wakes.length))]
    const path = PATHS[this.pick(PATHS.length)]!
    const offset = this.#offsets.get(path)?.[this.pick(this.#offsets.get(path)!.length)]
    if (wake === undefined) return
    this.referee.judge()
    const latest = this.referee.generation
    const acks = offset === undefined ? [] : [{ path: pathOf(path), offset }]
    const outcome = await node.service.ack('s', reportOf(wake, { acks, done: this.pick(2) === 0 }))
    if (outcome.kind === 'acked') expect(wake.generation).toBeGreaterThanOrEqual(latest)
  }

  async #release(node: SubscriptionNode): Promise<void> {
    const wake = this.#wakes.at(-1)
    if (wake !== undefined) await node.service.release('s', reportOf(wake))
  }

  #answer(kind: 'done' | 'accepted'): void {
    for (const { posts } of this.nodes) {
      for (const post of posts) {
        if (this.pick(2) === 0 || kind === 'done') post.answer({ kind })
      }
    }
  }

  #claimAndWork(): void {
    const node = this.#someNode()
    const work = async (): Promise<void> => {
      const outcome = await node.service.claim('s', `w${++this.#workers}`)
      if (outcome.kind !== 'claimed') return
      const acks = outcome.streams.map(({ path, tail }) => ({ path, offset: tail }))
      await node.service.ack('s', reportOf(outcome.wake, { acks }))
    }
    this.#do(work())
  }

  async #isDone(): Promise<boolean> {
    const state = (await this.#finish(this.nodes[0]!.service.read('s')))!
    return state.pending.size === 0 && state.wake === null
  }

  #do(work: Promise<unknown>): void {
    this.#underWay.push(work)
    // A failed expectation comes to light here.
    work.catch((error: unknown) => (this.failure ??= error))
  }

  failure: unknown = null

  async #finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    work.then(
      () => (isDone = true),
      () => (isDone = true),
    )
    while (!(isDone as boolean)) if (!(await this.#shuffle.step())) break
    return work
  }

  #someNode(): SubscriptionNode {
    return this.nodes[this.pick(this.nodes.length)]!
  }
}

test('in any order of everything, cursors go forward, generations up, one worker holds, and all is processed', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const chaos = new Chaos(seed)
    try {
      await chaos.prepare()
      await chaos.run(80)
      await chaos.quiesce()
      if (chaos.failure !== null) throw chaos.failure as Error
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
}, 120_000)
