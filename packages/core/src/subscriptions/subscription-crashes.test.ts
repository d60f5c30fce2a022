import { describe, expect, test } from 'vitest'
import { SubscriptionNode, reportOf } from '../../test/subscription-node.js'
import { creation, pathOf } from '../../test/requests.js'

const JSON_TYPE = { contentType: 'application/json' }

interface Scenario {
  readonly name: string
  readonly prepare: (node: SubscriptionNode) => Promise<unknown>
  /** What is cut short after each of its commits. */
  readonly act: (node: SubscriptionNode) => Promise<unknown>
}

async function work(node: SubscriptionNode): Promise<void> {
  const claim = await node.service.claim('s', 'w')
  if (claim.kind !== 'claimed') return
  const acks = claim.streams.map(({ path, tail }) => ({ path, offset: tail }))
  await node.service.ack('s', reportOf(claim.wake, { acks }))
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a subscription is made over streams that exist',
    prepare: async (node) => {
      for (let i = 0; i < 5; i++) await node.write(`events/${i}`)
    },
    act: async (node) => {
      await node.create('s')
      await node.write('events/0')
      await node.settle()
    },
  },
  {
    name: 'appends wake a webhook',
    prepare: (node) => node.create('s'),
    act: async (node) => {
      await Promise.all([node.write('events/a'), node.write('events/b')])
      await node.settle()
      await node.write('events/a')
      await node.settle()
    },
  },
  {
    name: 'a webhook fails and succeeds',
    prepare: (node) => node.create('s'),
    act: async (node) => {
      node.answer = { kind: 'failed', reason: 'no' }
      await node.write('events/a')
      await node.advance(1_500)
      node.answer = { kind: 'done' }
      await node.advance(10_000)
    },
  },
  {
    name: 'a pool works',
    prepare: async (node) => {
      await node.engine.create(pathOf('wake'), creation('[]', JSON_TYPE))
      await node.create('s', { type: 'pull-wake', leaseTtlMs: 1_000 })
    },
    act: async (node) => {
      await node.write('events/a')
      await node.settle()
      await work(node)
      await node.write('events/b')
      await node.settle()
      await node.service.claim('s', 'silent')
      await node.advance(1_500)
      await work(node)
    },
  },
]

describe('whatever commit a crash follows, everything that was appended is processed', () => {
  test.each(SCENARIOS)('when $name', async ({ prepare, act }) => {
    for (let cut = 1; ; cut++) {
      const node = new SubscriptionNode()
      await prepare(node)
      await node.settle()
      let commits = 0
      const crash = { isDone: false }
      node.store.afterCommit = () => {
        if (++commits !== cut) return
        crash.isDone = true
        node.crash()
      }
      // What the crash has cut off never resolves; what follows it in the test is not to wait for it.
      await Promise.race([act(node), crashed(() => crash.isDone)])
      if (!crash.isDone) return
      await heal(node)
    }
  })

  test('a commit of which nobody knows whether it happened is made once', async () => {
    for (const kind of ['unknown-committed', 'unknown-not-committed', 'conflict'] as const) {
      for (let at = 1; at <= 6; at++) {
        const node = new SubscriptionNode()
        await node.create('s')
        let commits = 0
        node.store.commitFault = () => (++commits === at ? { kind } : null)
        const written = [node.write('events/a'), node.write('events/b')]
        await node.advance(5_000)
        await Promise.allSettled(written)
        node.store.commitFault = () => null
        await node.write('events/a')
        await node.advance(60_000)
        for (const [path, acked] of Object.entries(await node.cursors('s')))
          expect([kind, at, acked]).toEqual([kind, at, await node.tail(path)])
        const generations = node.posts.map(({ wake }) => wake.generation)
        expect(new Set(generations).size).toBe(generations.length)
      }
    }
  })
})

/** Resolves soon after the crash. */
async function crashed(isCut: () => boolean): Promise<void> {
  while (!isCut()) await new Promise((resolve) => setImmediate(resolve))
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** Another node finds the data; when time has passed and workers have worked, nothing is left to do. */
async function heal(dead: SubscriptionNode): Promise<void> {
  const time = dead.environment.now()
  const node = new SubscriptionNode({ disk: dead.disk, name: '2', time })
  await node.settle()
  const state = await node.service.read('s')
  if (state === null) return
  const before = state.generation
  for (let i = 0; i < 4; i++) {
    await node.advance(40_000)
    if (state.config.type === 'pull-wake') await work(node)
  }
  const healed = (await node.service.read('s'))!
  expect([...healed.pending]).toEqual([])
  expect(healed.wake).toBeNull()
  expect(healed.backfillAfter).toBeNull()
  expect(healed.generation).toBeGreaterThanOrEqual(before)
  for (const path of node.disk.streams.keys()) {
    if (!path.startsWith('events/')) continue
    expect(healed.links.get(path)?.acked).toBe(await node.tail(path))
  }
  if (state.config.type === 'pull-wake') {
    const generations = (await node.wakes()).map(({ generation }) => generation)
    expect(new Set(generations).size).toBe(generations.length)
  }
}
