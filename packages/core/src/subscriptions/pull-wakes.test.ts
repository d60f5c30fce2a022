import { describe, expect, test } from 'vitest'
import { SubscriptionNode, reportOf } from '../../test/subscription-node.js'
import { creation, pathOf } from '../../test/requests.js'

const JSON_TYPE = { contentType: 'application/json' }

async function startPool(node = new SubscriptionNode(), leaseTtlMs = 1_000): Promise<SubscriptionNode> {
  await node.engine.create(pathOf('wake'), creation('[]', JSON_TYPE))
  await node.create('p', { type: 'pull-wake', leaseTtlMs })
  return node
}

describe('a pull-wake subscription', () => {
  test('an append writes one event to the wake stream, and a claim takes the wake', async () => {
    const node = await startPool()
    await node.write('events/a')
    await node.write('events/a')
    await node.settle()
    expect(await node.wakes()).toEqual([
      {
        type: 'wake',
        subscription_id: 'p',
        stream: 'events/a',
        generation: 1,
        ts: node.environment.now() - 10,
      },
    ])
    const claim = await node.service.claim('p', 'w1')
    expect(claim).toMatchObject({ kind: 'claimed', leaseTtlMs: 1_000, wake: { generation: 1 } })
    expect(await node.service.claim('p', 'w1')).toEqual({
      kind: 'already-claimed',
      holder: 'w1',
      generation: 1,
    })
  })

  test('of many claims at once one wins', async () => {
    const node = await startPool()
    await node.write('events/a')
    const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => node.service.claim('p', `w${i}`)))
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1)
    expect(claims.filter(({ kind }) => kind === 'already-claimed')).toHaveLength(49)
  })

  test('a claim right after an append finds it, and one without work is told so', async () => {
    const node = await startPool()
    expect(await node.service.claim('p', 'w')).toEqual({ kind: 'no-pending-work' })
    await node.write('events/a')
    expect(await node.service.claim('p', 'w')).toMatchObject({ kind: 'claimed' })
    expect(await node.service.claim('none', 'w')).toEqual({ kind: 'not-found' })
  })

  test('acks without done are heartbeats, and after done what is left wakes again', async () => {
    const node = await startPool()
    await node.write('events/a')
    await node.write('events/b')
    const claim = await node.service.claim('p', 'w')
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    await node.advance(900)
    expect(await node.service.ack('p', reportOf(claim.wake, { acks, done: false }))).toMatchObject({
      kind: 'acked',
    })
    await node.advance(900)
    expect(await node.service.claim('p', 'other')).toMatchObject({ kind: 'already-claimed' })
    expect(await node.service.ack('p', reportOf(claim.wake))).toEqual({ kind: 'acked', nextWake: true })
    await node.settle()
    expect((await node.wakes()).map(({ generation, stream }) => [generation, stream]).at(-1)).toEqual([
      2,
      'events/b',
    ])
  })

  test('a release leaves the work to the next worker, with another event', async () => {
    const node = await startPool()
    await node.write('events/a')
    const claim = await node.service.claim('p', 'w')
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    expect(await node.service.release('p', reportOf(claim.wake))).toBe('released')
    expect(await node.service.release('p', reportOf(claim.wake))).toBe('fenced')
    await node.settle()
    expect((await node.wakes()).at(-1)).toMatchObject({ generation: 2 })
    expect(await node.service.ack('p', reportOf(claim.wake))).toEqual({ kind: 'fenced' })
  })

  test('a worker that falls silent loses the work to another one', async () => {
    const node = await startPool()
    await node.write('events/a')
    const slow = await node.service.claim('p', 'slow')
    if (slow.kind !== 'claimed') throw new Error(slow.kind)
    await node.advance(999)
    expect(await node.service.claim('p', 'next')).toMatchObject({ kind: 'already-claimed' })
    await node.advance(10)
    expect(await node.service.claim('p', 'next')).toMatchObject({ kind: 'claimed', wake: { generation: 2 } })
    const acks = [{ path: pathOf('events/a'), offset: await node.tail('events/a') }]
    expect(await node.service.ack('p', reportOf(slow.wake, { acks }))).toEqual({ kind: 'fenced' })
    expect(await node.cursors('p')).toEqual({ 'events/a': '-1' })
  })

  test.each([
    ['another wake id', { wakeId: 'w_other' }],
    ['another generation', { generation: 2 }],
  ])('a report with %s than its token is fenced', async (_what, over) => {
    const node = await startPool()
    await node.write('events/a')
    const claim = await node.service.claim('p', 'w')
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    expect(await node.service.ack('p', reportOf(claim.wake, over))).toEqual({ kind: 'fenced' })
    expect(await node.service.release('p', reportOf(claim.wake, over))).toBe('fenced')
    const token = { ...claim.wake, incarnation: 'another' }
    expect(await node.service.ack('p', reportOf(claim.wake, { token }))).toEqual({ kind: 'fenced' })
  })

  test('an ack of what is no offset of the stream, or of one before the last, changes nothing', async () => {
    const node = await startPool()
    await node.write('events/a')
    const first = await node.tail('events/a')
    await node.write('events/a')
    await node.write('events/b')
    const claim = await node.service.claim('p', 'w')
    if (claim.kind !== 'claimed') throw new Error(claim.kind)
    const tail = await node.tail('events/a')
    const beyond = `${String(Number(tail.slice(0, 16)) + 1).padStart(16, '0')}${tail.slice(16)}`
    const ack = (...acks: [path: string, offset: string][]): Promise<unknown> =>
      node.service.ack(
        'p',
        reportOf(claim.wake, { done: false, acks: acks.map(([path, offset]) => ({ path, offset })) }),
      )
    for (const offset of ['-1', 'now', '', beyond, await node.tail('events/b')]) {
      expect(await ack(['events/b', await node.tail('events/b')], ['events/a', offset])).toEqual({
        kind: 'invalid-offset',
        path: 'events/a',
      })
    }
    expect(await ack(['events/none', tail])).toMatchObject({ kind: 'invalid-offset' })
    expect(await node.cursors('p')).toEqual({ 'events/a': '-1', 'events/b': '-1' })
    expect(await ack(['events/a', tail])).toMatchObject({ kind: 'acked' })
    expect(await ack(['events/a', first])).toMatchObject({ kind: 'invalid-offset' })
    expect(await ack(['events/a', tail])).toMatchObject({ kind: 'acked' })
  })

  test('a wake stream that is missing, closed or of another type is reported, and tried again', async () => {
    const node = new SubscriptionNode()
    await node.create('p', { type: 'pull-wake' })
    await node.write('events/a')
    await node.settle()
    expect(node.service.problems).toEqual(['subscription p: the wake stream wake does not exist'])
    await node.engine.create(pathOf('wake'), creation('', { contentType: 'text/plain' }))
    await node.advance(1_000)
    expect(node.service.problems).toEqual([
      'subscription p: the wake stream wake has content type text/plain, not application/json',
    ])
    await node.engine.delete(pathOf('wake'))
    await node.engine.create(pathOf('wake'), creation('[]', JSON_TYPE))
    await node.advance(60_000)
    expect(node.service.problems).toEqual([])
    expect(await node.wakes()).toMatchObject([{ generation: 1 }])
  })

  test('its own wakes do not wake it, whatever its pattern', async () => {
    const node = new SubscriptionNode()
    await node.engine.create(pathOf('wake'), creation('[]', JSON_TYPE))
    await node.create('p', { type: 'pull-wake', pattern: '**' })
    expect(await node.cursors('p')).toEqual({})
    await node.write('events/a')
    await node.advance(60_000)
    expect(await node.wakes()).toHaveLength(1)
    expect(Object.keys(await node.cursors('p'))).toEqual(['events/a'])
    const config = { type: 'pull-wake' as const, streams: [pathOf('wake')] }
    await expect(node.create('q', config)).rejects.toThrow('own-wake-stream')
  })
})
