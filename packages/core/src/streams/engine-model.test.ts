import type { ModelAppend, ModelPoint } from '../../test/stream-model.js'
import type { Node } from '../../test/simulation.js'
import type { Offset } from '../protocol/branded.js'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { START_TIME } from '../../test/fake-environment.js'
import { StreamModel } from '../../test/stream-model.js'
import { at, bytesOf, pathOf, textOf } from '../../test/requests.js'
import { findDamage } from '../../test/invariants.js'
import { startNode } from '../../test/simulation.js'

type Step =
  | {
      readonly do: 'create'
      readonly path: string
      readonly json: boolean
      readonly ttl: number | null
      readonly closed: boolean
      readonly text: string
    }
  | {
      readonly do: 'fork'
      readonly path: string
      readonly source: string
      readonly offset: number
      readonly sub: number
      readonly ttl: number | null
      readonly text: string
    }
  | {
      readonly do: 'append'
      readonly path: string
      readonly json: boolean
      readonly text: string
      readonly close: boolean
      readonly producer: ModelAppend['producer']
      readonly seq: string | null
    }
  | { readonly do: 'delete' | 'head'; readonly path: string }
  | { readonly do: 'read'; readonly path: string; readonly offset: number }
  | { readonly do: 'wait'; readonly seconds: number }

const path = fc.constantFrom('a', 'b', 'c', 'd')
const text = fc.constantFrom('', 'x', 'yz', 'uvw')
const ttl = fc.constantFrom(null, null, 2, 4)
const few = fc.nat({ max: 2 })
const offset = fc.nat({ max: 60 })
const seldom = fc.integer({ min: 0, max: 7 }).map((n) => n === 0)
const producer = fc.option(
  fc.record({ id: fc.constantFrom('p', 'q'), epoch: fc.nat({ max: 1 }), seq: few }),
  { nil: null },
)

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      path,
      json: seldom,
      ttl,
      closed: seldom,
      text,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('fork' as const),
      path,
      source: path,
      offset,
      sub: few,
      ttl,
      text,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('append' as const),
      path,
      json: seldom,
      text,
      close: seldom,
      producer,
      seq: fc.constantFrom(null, null, '1', '2'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('delete' as const, 'head' as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), path, offset }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 3 }) }),
  },
)

/** The engine and the model side by side, and every offset that the engine has told. */
class Pair {
  readonly node: Node
  readonly model = new StreamModel(START_TIME)
  readonly #offsets: { readonly offset: Offset; readonly point: ModelPoint }[] = []

  constructor(isImmediate: boolean) {
    this.node = startNode({ isImmediate, limits: { maxPageBytes: 4, sweepIntervalMs: 500 } })
  }

  async take(step: Step): Promise<void> {
    const { engine, environment } = this.node
    switch (step.do) {
      case 'create': {
        const json = isJson(step.path, step.json)
        const request = {
          contentType: json ? 'application/json' : 'text/plain',
          expiry: expiryOf(step.ttl),
          closed: step.closed,
          fork: null,
          body: bodyOf(json, step.text),
        }
        const { kind } = await engine.create(pathOf(step.path), request)
        expect(kind).toBe(
          this.model.create(step.path, json, msOf(step.ttl), step.closed, storedOf(json, step.text)),
        )
        return
      }
      case 'fork':
        return this.#fork(step)
      case 'append':
        return this.#append(step)
      case 'delete': {
        const { kind } = await engine.delete(pathOf(step.path))
        expect(kind).toBe(this.model.delete(step.path))
        return
      }
      case 'head': {
        const { kind } = await engine.head(pathOf(step.path))
        expect(kind).toBe(
          { absent: 'not-found', live: 'found', gone: 'gone' }[this.model.lifecycle(step.path)],
        )
        return
      }
      case 'read':
        return this.#read(step.path, step.offset)
      case 'wait':
        for (let i = 0; i < step.seconds; i++) this.model.tick()
        await environment.advance(step.seconds * 1000)
    }
  }

  /** Reads everything, and looks for what should not be in the store. */
  async check(): Promise<void> {
    for (const path of ['a', 'b', 'c', 'd']) {
      const lifecycle = this.model.lifecycle(path)
      const page = await this.node.engine.head(pathOf(path))
      expect(page.kind).toBe({ absent: 'not-found', live: 'found', gone: 'gone' }[lifecycle])
      if (lifecycle === 'live') expect(await this.#textFrom(path, null)).toBe(this.model.text(path))
    }
  }

  checkStore(): void {
    expect(findDamage(this.node.store.disk, this.node.environment.time)).toEqual([])
    expect([...this.node.store.disk.streams.keys()].sort()).toEqual([...this.model.streams.keys()].sort())
  }

  async #fork(step: Extract<Step, { do: 'fork' }>): Promise<void> {
    const told = this.#told(step.offset)
    const source = this.model.streams.get(step.source)
    const json = source?.isJson ?? false
    const request = {
      contentType: null,
      expiry: expiryOf(step.ttl),
      closed: false,
      fork: {
        source: pathOf(step.source),
        offset: told === undefined ? null : at(told.offset),
        subOffset: step.sub,
      },
      body: bodyOf(json, step.text),
    }
    const expected = this.model.fork(
      step.path,
      step.source,
      told?.point ?? null,
      step.sub,
      msOf(step.ttl),
      storedOf(json, step.text),
    )
    expect((await this.node.engine.create(pathOf(step.path), request)).kind).toBe(expected)
  }

  async #append(step: Extract<Step, { do: 'append' }>): Promise<void> {
    const { path, close, producer, seq } = step
    const json = isJson(path, step.json)
    const request = {
      contentType: step.text === '' ? null : json ? 'application/json' : 'text/plain',
      body: bodyOf(json, step.text),
      close,
      producer,
      streamSeq: seq,
    }
    const outcome = await this.node.engine.append(pathOf(path), request)
    expect(outcome.kind).toBe(
      this.model.append(path, {
        text: storedOf(json, step.text),
        isJson: json,
        close,
        producer,
        streamSeq: seq,
      }),
    )
    if (outcome.kind !== 'appended') return
    const { bytes } = this.model.streams.get(path)!
    this.#offsets.push({
      offset: outcome.tail,
      point: { position: bytes.length, owner: bytes.at(-1)?.owner ?? null },
    })
  }

  async #read(path: string, index: number): Promise<void> {
    const told = this.#told(index)
    const lifecycle = this.model.lifecycle(path)
    const text = await this.#textFrom(path, told?.offset ?? null)
    if (lifecycle !== 'live') {
      expect(text).toBe(lifecycle === 'gone' ? '!gone' : '!not-found')
      return
    }
    const position = told === undefined ? 0 : this.model.locate(path, told.point)
    if (position !== null) this.model.streams.get(path)!.touchedAt = this.model.now
    expect(text).toBe(position === null ? '!offset-gone' : this.model.text(path, position))
  }

  #told(index: number): { readonly offset: Offset; readonly point: ModelPoint } | undefined {
    return this.#offsets[index % (this.#offsets.length + 1)]
  }

  async #textFrom(path: string, offset: Offset | null): Promise<string> {
    let text = ''
    for (let from = offset; ;) {
      const page = await this.node.engine.read(pathOf(path), from === null ? null : at(from))
      if (page.kind !== 'page') return `!${page.kind}`
      text += textOf(page.pieces)
      expect(page.closed).toBe(page.upToDate && this.model.streams.get(path)!.closed)
      if (page.upToDate) return text
      from = page.next
    }
  }
}

/** Two of the paths most often hold messages. */
const isJson = (path: string, isUnusual: boolean): boolean => (path === 'c' || path === 'd') !== isUnusual
const msOf = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000)
const expiryOf = (seconds: number | null) => (seconds === null ? null : ({ kind: 'ttl', seconds } as const))
const bodyOf = (json: boolean, text: string): Uint8Array =>
  bytesOf(json && text !== '' ? JSON.stringify(Array.from(text)) : text)
const storedOf = (json: boolean, text: string): string =>
  json ? Array.from(text, (c) => `"${c}",\n`).join('') : text

it('the engine does what the model does, whatever it is asked, and leaves nothing in the store', async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 60, size: 'max' })
  await fc.assert(
    fc.asyncProperty(fc.boolean(), steps, async (isImmediate, steps) => {
      const pair = new Pair(isImmediate)
      for (const step of steps) {
        await pair.take(step)
        pair.checkStore()
      }
      await pair.check()
      // Much later nothing is left to be settled.
      await pair.node.environment.advance(40_000)
      expect(findDamage(pair.node.store.disk, pair.node.environment.time)).toEqual([])
      expect(pair.node.faults).toEqual([])
    }),
    { numRuns: 1000 },
  )
}, 30_000)
