import type { Expiry, StreamChange, StreamId, StreamRecord, Version } from '@ds/core'
import type { RandomNumbers } from './random-numbers.js'
import type { StoreContext } from './store-context.js'
import { CREATED_AT, bytesOf, changeOf, pathOf, recordOf } from './records.js'
import { StoreModel } from './store-model.js'
import { check, equal, show } from '../server/assertions.js'

/** Paths that are each other's prefixes, or lie where the order of UTF-16 and that of UTF-8 differ. */
const PATHS: readonly string[] = ['a', 'a/b', 'ab', 'a\uffee', 'a\u{1f600}', 'b/\u00e4', 'B']
const PREFIXES: readonly string[] = ['', 'a', 'a/', 'ab', 'a\u{1f600}', 'b', 'c']
const KEYS: readonly string[] = ['p:x', 'p:y', 'p:\u00e4', 'f:x']
const DUE_CALLS = 100

/** One random step after the other, on a store and on the model; whatever can be compared is. */
export class RandomSequence {
  /** What was done, for the message of a failure. */
  readonly trace: string[] = []
  readonly #ctx: StoreContext
  readonly #random: RandomNumbers
  readonly #model = new StoreModel()
  readonly #oldVersions: Version[] = []
  readonly #isKept: boolean
  #now = CREATED_AT

  constructor(ctx: StoreContext, random: RandomNumbers) {
    this.#ctx = ctx
    this.#random = random
    this.#isKept = ctx.store.capabilities.durability !== 'volatile' && ctx.binding.reopen !== undefined
  }

  async run(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      this.#now += this.#random.below(2_000)
      await this.#step()
    }
    for (const path of PATHS) await this.#compare(path)
  }

  async #step(): Promise<void> {
    const path = this.#random.pick(PATHS)
    const choice = this.#random.next()
    if (choice < 0.55) await this.#commit(path)
    else if (choice < 0.65) await this.#touch(path)
    else if (choice < 0.75) await this.#compare(path)
    else if (choice < 0.87) await this.#list()
    else if (choice < 0.97 || !this.#isKept) await this.#due()
    else await this.#reopen()
  }

  async #commit(path: string): Promise<void> {
    const stream = this.#model.streams.get(path)
    const change = this.#change(stream?.record ?? null, stream?.touchedAt ?? null)
    const expected = this.#random.chance(0.85) ? (stream?.version ?? null) : this.#wrongVersion()
    const what = change.record === null ? 'nothing' : `${change.record.streamId} to ${change.record.tail}`
    this.trace.push(
      `commit ${show(path)} on ${String(expected)}: ${change.commitId} ${what}, ${show([...change.entries])}, touched ${change.touchedAt}, if ${change.ifTouchedAt}`,
    )
    const probe = this.#ctx.watch(path)
    const result = await this.#ctx.tryCommit(path, expected, change)
    this.#model.commit(path, expected, change, result)
    if (result.kind === 'committed') {
      this.#oldVersions.push(result.version)
      if (!this.#ctx.store.capabilities.multiNode)
        await probe.expect('the commit', 0, () => Promise.resolve(true))
    }
    probe.end()
    if (this.#random.chance(0.5)) await this.#compare(path)
  }

  #change(before: StreamRecord | null, touchedAt: number | null): StreamChange {
    const random = this.#random
    const ifTouchedAt = random.chance(0.2) ? (random.chance(0.7) ? touchedAt : this.#now) : null
    if (before !== null && random.chance(0.12)) return changeOf(null, { ifTouchedAt })
    const isNew = before === null || random.chance(0.08)
    const text = 'x'.repeat(random.chance(0.3) ? 0 : random.below(random.chance(0.1) ? 9_000 : 60))
    const content = text.replaceAll('x', () => String.fromCharCode(random.below(256)))
    const base = isNew ? (random.chance(0.2) ? random.below(1000) : 0) : before.base
    const record: StreamRecord = {
      ...(isNew
        ? recordOf({ streamId: this.#ctx.newStreamId(), createdAt: this.#now, base, start: base })
        : before),
      ...this.#recordParts(),
      tail: (isNew ? base : before.tail) + content.length,
    }
    const cut = random.below(content.length + 1)
    const entries = new Map<string, string | null>()
    while (random.chance(0.4)) {
      const key = random.pick(KEYS)
      entries.set(key, random.chance(0.3) ? null : `${random.below(100)}`)
    }
    return changeOf(record, {
      bytes: content === '' ? [] : [bytesOf(content.slice(0, cut)), bytesOf(content.slice(cut))],
      entries,
      touchedAt: isNew || random.chance(0.5) ? this.#now - random.below(500) : null,
      ifTouchedAt: before === null ? null : ifTouchedAt,
    })
  }

  #recordParts(): Partial<StreamRecord> {
    const random = this.#random
    const never: Expiry = { kind: 'never' }
    const expiries: readonly Expiry[] = [
      never,
      { kind: 'ttl', seconds: 1 + random.below(60) },
      { kind: 'at', atMs: this.#now + random.below(60_000) },
    ]
    const pending = { streamId: this.#ctx.newStreamId(), path: pathOf('a/b'), since: this.#now }
    return {
      state: random.chance(0.8) ? 'live' : 'soft-deleted',
      expiry: random.pick(expiries),
      closed: random.chance(0.1),
      unsettledSince: random.chance(0.1) ? this.#now : null,
      pendingForks: random.chance(0.1) ? [pending] : [],
    }
  }

  #wrongVersion(): Version | null {
    return this.#random.chance(0.3) || this.#oldVersions.length === 0
      ? null
      : this.#random.pick(this.#oldVersions)
  }

  async #touch(path: string): Promise<void> {
    const stream = this.#model.streams.get(path)
    const right = stream !== undefined && this.#random.chance(0.8)
    const streamId: StreamId = right ? stream.record.streamId : this.#ctx.newStreamId()
    const moment = this.#now - this.#random.below(3_000)
    this.trace.push(`touch ${show(path)} ${streamId} at ${moment}`)
    await this.#ctx.store.touch(pathOf(path), streamId, moment)
    this.#model.touch(path, streamId, moment)
  }

  /** Compares all that the store has of a path. */
  async #compare(path: string): Promise<void> {
    this.trace.push(`compare ${show(path)}`)
    const loaded = await this.#ctx.find(path, KEYS)
    const stream = this.#model.streams.get(path)
    if (stream === undefined) {
      equal(loaded, null, `load of ${show(path)}`)
      return
    }
    check(loaded !== null, `load of ${show(path)} finds nothing`)
    const { content, ...rest } = stream
    equal(
      { ...loaded, entries: [...loaded.entries].sort() },
      { ...rest, entries: [...rest.entries].sort() },
      path,
    )
    const { streamId, base, tail } = stream.record
    if (tail === base) return
    const at = this.#random.below(tail - base)
    const limit = 1 + this.#random.below(this.#random.chance(0.5) ? 20 : 10_000)
    const page = await this.#ctx.readPage(path, streamId, base + at, limit)
    equal(page, content.slice(at, at + (page?.length ?? 0)), `read of ${show(path)} at ${base + at}`)
    equal(
      await this.#ctx.readPage(path, this.#ctx.newStreamId(), base, 1),
      null,
      'read of another incarnation',
    )
    if (this.#random.chance(0.3)) equal(await this.#ctx.readAll(path), content, `the bytes of ${show(path)}`)
  }

  async #list(): Promise<void> {
    const prefix = this.#random.pick(PREFIXES)
    const after = this.#random.chance(0.4) ? '' : this.#random.pick([...PATHS, ...PREFIXES, 'a0', 'z'])
    const limit = 1 + this.#random.below(8)
    this.trace.push(`list ${show([prefix, after, limit])}`)
    const expected = this.#model.list(prefix, after).slice(0, limit)
    equal(await this.#ctx.list(prefix, after, limit), expected, `list of ${show([prefix, after, limit])}`)
  }

  /** Every stream that is due is named sooner or later, and no other ever. */
  async #due(): Promise<void> {
    const now = this.#now + this.#random.below(40_000)
    const limit = 1 + this.#random.below(5)
    this.trace.push(`due at ${now}, at most ${limit}`)
    const missing = new Set(this.#model.due(now))
    const allowed = new Set(missing)
    for (let call = 0; call < DUE_CALLS && (call === 0 || missing.size > 0); call++) {
      for (const path of await this.#ctx.due(now, limit)) {
        check(allowed.has(path), `due names ${show(path)}, which is not due at ${now}`)
        missing.delete(path)
      }
    }
    equal([...missing], [], `the streams that ${DUE_CALLS} calls of due have not named`)
  }

  async #reopen(): Promise<void> {
    this.trace.push('reopen')
    await this.#ctx.reopen()
    for (const path of this.#model.streams.keys()) {
      this.#model.reopened(path, await this.#ctx.load(path))
      await this.#compare(path)
    }
  }
}
