import { describe, expect, it } from 'vitest'
import { BodyFramer } from './body-framer.js'
import { DEFAULT_LIMITS } from './environment.js'
import { FakeEnvironment } from '../../test/fake-environment.js'
import { appendOf, bytesOf, creation, pathOf, textOf } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'

const JSON_TYPE = 'application/json'
const a = pathOf('a')
const b = pathOf('b')

/** A body of one message with a given length, at least. */
function longBody(mark: string, length = 3 << 20): Uint8Array {
  return bytesOf(`["${mark}",[${'1,'.repeat(length / 2)}1]]`)
}

function createFramer(limits = {}): { framer: BodyFramer; environment: FakeEnvironment } {
  const environment = new FakeEnvironment()
  environment.isManual = true
  return { framer: new BodyFramer(environment, { ...DEFAULT_LIMITS, ...limits }), environment }
}

/** Runs one deferred step after the other; returns how many there were. */
async function runSteps(environment: FakeEnvironment): Promise<number> {
  for (let steps = 0; ; steps++) {
    await environment.settle()
    expect(environment.deferred.length).toBeLessThanOrEqual(1)
    const step = environment.deferred.shift()
    if (step === undefined) return steps
    step()
  }
}

describe('bodies', () => {
  it('that are short, or long but not JSON, are framed at once', () => {
    const { framer } = createFramer()
    expect(framer.frame(a, JSON_TYPE, bytesOf('[1,2]'))).toMatchObject({ stored: { ok: true, count: 2 } })
    expect(framer.frame(a, 'text/plain', longBody('x'))).toMatchObject({ stored: { ok: true } })
  })

  it('that are long are framed in steps, one body after the other', async () => {
    const { framer, environment } = createFramer()
    const ended: string[] = []
    for (const [name, path] of [
      ['first', a],
      ['second', b],
      ['third', a],
    ] as const) {
      void Promise.resolve(framer.frame(path, JSON_TYPE, longBody(name))).then(({ stored }) => {
        ended.push(stored.ok ? textOf([stored.bytes.subarray(0, 12)]) : stored.message)
      })
    }
    expect(await runSteps(environment)).toBe(18)
    expect(ended).toEqual(['"first",\n[1,', '"second",\n[1', '"third",\n[1,'])
  })

  it('that are no JSON far into a long one are refused with the place', async () => {
    const { framer, environment } = createFramer()
    const body = longBody('x')
    body[2_000_001] = 0x21
    const framed = Promise.resolve(framer.frame(a, JSON_TYPE, body))
    await runSteps(environment)
    expect((await framed).stored).toMatchObject({ ok: false, position: 2_000_001 })
  })

  it('over maxQueuedBytes that wait are refused, and taken again when those are done', async () => {
    const { framer, environment } = createFramer({ maxQueuedBytes: 7_000_000 })
    const first = framer.frame(a, JSON_TYPE, longBody('1'))
    const second = framer.frame(b, JSON_TYPE, longBody('2'))
    const overloaded = expect.objectContaining({ code: 'overloaded' }) as Error
    expect(() => framer.frame(b, JSON_TYPE, longBody('3'))).toThrow(overloaded)
    expect(() => framer.frame(a, 'text/plain', longBody('4'))).toThrow(overloaded)
    await runSteps(environment)
    await Promise.all([first, second])
    await runSteps(environment)
    expect(framer.frame(a, JSON_TYPE, bytesOf('1'))).toMatchObject({ stored: { count: 1 } })
    expect(framer.frame(b, JSON_TYPE, longBody('5'))).toBeInstanceOf(Promise)
  })
})

describe('an append of a long body', () => {
  it('is not overtaken by what comes later for its stream, and holds nobody else up', async () => {
    const { engine, environment } = startNode()
    for (const path of [a, b]) await engine.create(path, creation('', { contentType: JSON_TYPE }))
    environment.isManual = true
    const order: string[] = []
    const json = { contentType: JSON_TYPE }
    const append = (name: string, path: typeof a, body: Uint8Array): Promise<unknown> =>
      engine.append(path, { ...appendOf(name, json), body }).then(() => order.push(name))
    const all = [
      append('long', a, longBody('long')),
      append('short', a, bytesOf('"short"')),
      append('elsewhere', b, bytesOf('"elsewhere"')),
      append('text', a, bytesOf('"last"')),
    ]
    environment.isManual = false
    for (const step of environment.deferred.splice(0)) step()
    await Promise.all(all)
    expect(order[0]).toBe('elsewhere')
    expect(order.slice(1)).toEqual(['long', 'short', 'text'])
  })

  it('is finished before the engine is closed', async () => {
    const { engine } = startNode()
    await engine.create(a, creation('', { contentType: JSON_TYPE }))
    const appended = engine.append(a, { ...appendOf('', { contentType: JSON_TYPE }), body: longBody('x') })
    await engine.close()
    expect(await Promise.race([appended, Promise.resolve('not done')])).toMatchObject({ kind: 'appended' })
  })

  it('that is created with its stream or its fork is there', async () => {
    const { engine } = startNode()
    const json = { contentType: JSON_TYPE, body: longBody('new') }
    expect((await engine.create(a, creation('', json))).kind).toBe('created')
    const fork = { source: a, offset: null, subOffset: 0 }
    expect((await engine.create(b, creation('', { ...json, fork }))).kind).toBe('created')
    for (const [path, copies] of [
      [a, 1],
      [b, 2],
    ] as const) {
      const { stream } = (await engine.head(path)) as { stream: { tail: string } }
      expect(Number(stream.tail.slice(0, 16))).toBeGreaterThan(copies * (3 << 20))
    }
  })
})
