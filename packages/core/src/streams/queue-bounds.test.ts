import type { Node } from '../../test/simulation.js'
import { describe, expect, it } from 'vitest'
import { CollectingReader } from '../../test/collecting-reader.js'
import { appendOf, creation, forkOf, pathOf } from '../../test/requests.js'
import { startNode } from '../../test/simulation.js'

const path = pathOf('a')

/** An engine whose commits are held back until they are let through. */
async function heldNode(
  limits: NonNullable<Parameters<typeof startNode>[0]>['limits'] = {},
): Promise<Node & { open: () => void }> {
  const node = startNode({ limits })
  await node.engine.create(path, creation())
  const held: (() => void)[] = []
  node.store.pace = (what, step) => {
    if (what.startsWith('commit')) held.push(step)
    else step()
  }
  const open = (): void => {
    node.store.pace = (_what, step) => step()
    for (const step of held.splice(0)) step()
  }
  return { ...node, open }
}

const codes = (promises: Promise<unknown>[]): Promise<string[]> =>
  Promise.all(
    promises.map((promise) =>
      promise.then(
        (outcome) => (outcome as { kind: string }).kind,
        (error: unknown) => (error as { code: string }).code,
      ),
    ),
  )

describe('writes that wait', () => {
  it('are refused beyond a number for each stream, and nothing of them remains', async () => {
    const node = await heldNode({ maxQueuedWrites: 3 })
    await node.environment.settle()
    const inFlight = node.engine.append(path, appendOf('-'))
    await node.environment.settle()
    const waiting = Array.from({ length: 5 }, () => node.engine.append(path, appendOf('x')))
    const all = codes([inFlight, ...waiting, node.engine.create(pathOf('b'), creation())])
    await node.environment.settle()
    node.open()
    expect(await all).toEqual([
      'appended',
      'appended',
      'appended',
      'appended',
      'overloaded',
      'overloaded',
      'created',
    ])
    expect(await node.engine.head(path)).toMatchObject({
      stream: { tail: expect.stringMatching(/^0+4_/) as string },
    })
  })

  it('may be longer than all together may be, if no other waits', async () => {
    const node = await heldNode({ maxQueuedBytes: 10 })
    const all = codes([
      node.engine.append(path, appendOf('longer than ten')),
      node.engine.append(path, appendOf('x')),
    ])
    await node.environment.settle()
    node.open()
    expect(await all).toEqual(['appended', 'overloaded'])
    expect(await codes([node.engine.append(path, appendOf('longer than ten'))])).toEqual(['appended'])
  })

  it('are refused beyond a number of bytes in total, which is freed with every end of theirs', async () => {
    const node = await heldNode({ maxQueuedBytes: 10 })
    const first = codes([
      node.engine.append(path, appendOf('123456')),
      node.engine.append(path, appendOf('12345')),
      node.engine.append(path, appendOf('1234')),
    ])
    await node.environment.settle()
    node.open()
    expect(await first).toEqual(['appended', 'overloaded', 'appended'])
    // Successes, refusals and faults all give back what they held.
    for (let i = 0; i < 5; i++) {
      expect(await codes([node.engine.append(path, appendOf('1234567890'))])).toEqual(['appended'])
      expect(await codes([node.engine.append(path, appendOf('1234567890', { contentType: 'a/b' }))])).toEqual(
        ['content-type-mismatch'],
      )
      node.store.commitFault = () => ({ kind: 'conflict' })
      expect(await codes([node.engine.append(path, appendOf('1234567890'))])).toEqual(['contended'])
      node.store.commitFault = () => null
      expect(
        await codes([
          node.engine.create(pathOf(`c${i}`), creation('1234567890')),
          node.engine.delete(path),
          node.engine.create(path, creation()),
        ]),
      ).toEqual(['created', 'deleted', 'created'])
    }
  })
})

describe('live readers', () => {
  it('are refused beyond a number, and one that leaves makes room', async () => {
    const { engine } = await heldNode({ maxLiveReaders: 2 })
    const one = await engine.follow(path, null, new CollectingReader())
    await engine.follow(path, null, new CollectingReader())
    await expect(engine.follow(path, null, new CollectingReader())).rejects.toMatchObject({
      code: 'overloaded',
    })
    if (one.kind !== 'following') return expect.fail(one.kind)
    one.live.stop()
    one.live.stop()
    expect(engine.liveReaders).toBe(1)
    expect((await engine.follow(path, null, new CollectingReader())).kind).toBe('following')
    await expect(engine.follow(path, null, new CollectingReader())).rejects.toMatchObject({
      code: 'overloaded',
    })
  })

  it('are refused beyond that number also when they come at the same time', async () => {
    const { engine } = await heldNode({ maxLiveReaders: 2 })
    const outcomes = await codes(
      Array.from({ length: 5 }, () => engine.follow(path, null, new CollectingReader())),
    )
    expect(outcomes.filter((kind) => kind === 'following')).toHaveLength(2)
  })

  it('that are refused do not count', async () => {
    const { engine } = await heldNode({ maxLiveReaders: 1 })
    expect((await engine.follow(pathOf('none'), null, new CollectingReader())).kind).toBe('not-found')
    expect(engine.liveReaders).toBe(0)
  })

  it('that the store cannot watch for do not count', async () => {
    const { engine, store } = await heldNode({ maxLiveReaders: 1 })
    store.before = (what) => {
      if (what === 'watch') throw new Error('no connection')
    }
    await expect(engine.follow(path, null, new CollectingReader())).rejects.toThrow()
    expect(engine.liveReaders).toBe(0)
  })
})

describe('an engine that is closed', () => {
  it('refuses new work and finishes what was begun', async () => {
    const node = await heldNode()
    const append = node.engine.append(path, appendOf('x'))
    await node.environment.settle()
    let isClosed = false
    const closing = node.engine.close().then(() => (isClosed = true))
    await node.environment.settle()
    expect(isClosed).toBe(false)
    await expect(node.engine.append(path, appendOf('y'))).rejects.toMatchObject({ code: 'unavailable' })
    await expect(node.engine.create(path, creation())).rejects.toMatchObject({ code: 'unavailable' })
    await expect(node.engine.delete(path)).rejects.toMatchObject({ code: 'unavailable' })
    await expect(node.engine.follow(path, null, new CollectingReader())).rejects.toMatchObject({
      code: 'unavailable',
    })
    node.open()
    await closing
    expect((await append).kind).toBe('appended')
    expect(node.environment.timers).toBe(0)
  })

  it('waits for every step of a fork that was begun', async () => {
    const node = await heldNode()
    node.open()
    let isClosed = false
    let commitsAfterClose = 0
    node.store.commitFault = () => {
      if (isClosed) commitsAfterClose++
      return null
    }
    // Between two steps of a fork no write is in any queue.
    node.store.afterCommit = () => {
      node.store.afterCommit = () => undefined
      void node.engine.close().then(() => (isClosed = true))
    }
    await node.engine.create(pathOf('f'), forkOf('a')).catch(() => undefined)
    await node.environment.settle()
    expect(commitsAfterClose).toBe(0)
  })

  it('waits for a fork that has only begun to look at its source', async () => {
    const node = await heldNode()
    const held: (() => void)[] = []
    node.store.pace = (what, step) => {
      if (what === 'load a') held.push(step)
      else step()
    }
    const made = codes([node.engine.create(pathOf('f'), forkOf('a'))])
    await node.environment.settle()
    expect(held).toHaveLength(1)
    let isClosed = false
    const closing = node.engine.close().then(() => (isClosed = true))
    await node.environment.settle()
    expect(isClosed).toBe(false)
    node.open()
    held[0]!()
    expect(await made).toEqual(['created'])
    await closing
  })

  it('ends a live reader that was about to begin', async () => {
    const node = await heldNode()
    const reader = new CollectingReader()
    const held: (() => void)[] = []
    node.store.pace = (_what, step) => held.push(step)
    const following = node.engine.follow(path, null, reader).then(
      (outcome) => outcome.kind,
      () => 'refused',
    )
    await node.environment.settle()
    await node.engine.close()
    node.open()
    for (const step of held) step()
    const kind = await following
    await node.environment.settle()
    expect(kind === 'refused' || reader.ends.length === 1).toBe(true)
  })
})
