import type { RunningServer } from './support/running-server.js'
import { BINDINGS, append, createStream, readAll, serve } from './support/running-server.js'
import { describe, expect, test } from 'vitest'
import { listPaths } from './support/fuzz-world.js'

const TEXT = { 'content-type': 'text/plain' }

interface Written {
  readonly body: string
  readonly status: number
}

/** Appends distinct bodies, all at once. */
function appendMany(running: RunningServer, path: string, count: number): Promise<Written>[] {
  return Array.from({ length: count }, async (_, i) => {
    const body = `<${i}>`
    return { body, status: await append(running, path, body) }
  })
}

async function send(running: RunningServer, method: string, path: string, headers = {}): Promise<number> {
  const response = await fetch(`${running.base}/${path}`, { method, headers })
  await response.arrayBuffer()
  return response.status
}

function piecesOf(content: Buffer): string[] {
  return content.toString().match(/<[^>]*>/g) ?? []
}

function acknowledged(writes: readonly Written[]): string[] {
  return writes.filter(({ status }) => status < 300).map(({ body }) => body)
}

describe.each(BINDINGS)('races, %s binding', (binding) => {
  test('what a close lets through is readable, what it keeps out is not, and it stays closed', async () => {
    const running = await serve({ binding })
    for (let round = 0; round < 10; round++) {
      const path = `s${round}`
      await createStream(running, path)
      const before = appendMany(running, path, round * 2)
      const close = append(running, path, round % 2 === 0 ? '' : '<end>', { 'stream-closed': 'true' })
      const after = Array.from({ length: 20 }, async (_, i) => {
        const body = `<late ${i}>`
        return { body, status: await append(running, path, body) }
      })
      const writes = await Promise.all([...before, ...after])
      const closing = { body: '<end>', status: await close }
      expect(closing.status).toBe(204)
      expect(writes.every(({ status }) => status === 204 || status === 409)).toBe(true)
      const content = await readAll(running, path)
      const expected = acknowledged(writes).concat(round % 2 === 0 ? [] : '<end>')
      expect(piecesOf(content).sort()).toEqual(expected.sort())
      if (round % 2 === 1) expect(content.toString().endsWith('<end>')).toBe(true)
      expect(await append(running, path, 'more')).toBe(409)
      const head = await fetch(`${running.base}/${path}`, { method: 'HEAD' })
      expect(head.headers.get('stream-closed')).toBe('true')
      expect((await readAll(running, path)).equals(content)).toBe(true)
    }
  })

  test('of many creations of one stream one is the first, and one content stands', async () => {
    const running = await serve({ binding })
    const creations = Array.from({ length: 30 }, async (_, i) => {
      const response = await fetch(`${running.base}/s`, { method: 'PUT', headers: TEXT, body: `<${i}>` })
      return { body: `<${i}>`, status: response.status }
    })
    const outcomes = await Promise.all(creations)
    expect(outcomes.map(({ status }) => status).sort()).toEqual([...Array<number>(29).fill(200), 201])
    const first = outcomes.find(({ status }) => status === 201)!
    expect((await readAll(running, 's')).toString()).toBe(first.body)
  })

  test('a delete that races appends and reads leaves nothing, and nothing hangs', async () => {
    const running = await serve({ binding, longPollTimeoutMs: 60_000 })
    for (let round = 0; round < 10; round++) {
      await createStream(running, 's', '<start>')
      const live = Array.from({ length: 5 }, () => send(running, 'GET', 's?offset=now&live=long-poll'))
      const sse = Array.from({ length: 5 }, () => send(running, 'GET', 's?offset=-1&live=sse'))
      const writes = appendMany(running, 's', 10)
      const reads = Array.from({ length: 10 }, () => send(running, 'GET', 's'))
      const deleted = send(running, 'DELETE', 's')
      const more = appendMany(running, 's', 5)
      expect(await deleted).toBe(204)
      for (const { status } of await Promise.all([...writes, ...more])) expect([204, 404]).toContain(status)
      for (const status of await Promise.all(reads)) expect([200, 404]).toContain(status)
      for (const status of await Promise.all(live)) expect([200, 204, 404]).toContain(status)
      for (const status of await Promise.all(sse)) expect([200, 404]).toContain(status)
      expect(listPaths(running.store)).toEqual([])
      expect(running.server.handler.engine.liveReaders).toBe(0)
    }
  })

  test('streams that are deleted and made anew never show what they were', async () => {
    const running = await serve({ binding })
    await createStream(running, 's', '<0>')
    let isOver = false
    const readers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const response = await fetch(`${running.base}/s`)
        const text = await response.text()
        if (response.status === 200) expect(text).toMatch(/^(?:<(\d+)>(?:<\1\+>)?)?$/)
        else expect(response.status).toBe(404)
      }
    })
    for (let i = 1; i <= 50; i++) {
      const old = (await fetch(`${running.base}/s`, { method: 'HEAD' })).headers.get('stream-next-offset')!
      const [gone] = await Promise.all([send(running, 'DELETE', 's'), append(running, 's', `<${i - 1}+>`)])
      expect(gone).toBe(204)
      await createStream(running, 's', `<${i}>`)
      expect((await fetch(`${running.base}/s?offset=${old}`)).status).toBe(410)
    }
    isOver = true
    await Promise.all(readers)
  })

  test('a fork that races appends has the beginning of its source, and the source loses nothing', async () => {
    const running = await serve({ binding })
    for (let round = 0; round < 10; round++) {
      await createStream(running, `s${round}`, '<start>')
      const first = appendMany(running, `s${round}`, 10)
      const forks = Array.from({ length: 5 }, (_, i) =>
        send(running, 'PUT', `f${round}-${i}`, { 'stream-forked-from': `/v1/stream/s${round}` }),
      )
      const rest = Array.from({ length: 10 }, async (_, i) => {
        const body = `<rest ${i}>`
        return { body, status: await append(running, `s${round}`, body) }
      })
      const writes = await Promise.all([...first, ...rest])
      expect(writes.every(({ status }) => status === 204)).toBe(true)
      expect(await Promise.all(forks)).toEqual([201, 201, 201, 201, 201])
      const source = (await readAll(running, `s${round}`)).toString()
      expect(piecesOf(Buffer.from(source)).sort()).toEqual(['<start>', ...acknowledged(writes)].sort())
      for (let i = 0; i < 5; i++) {
        expect(await append(running, `f${round}-${i}`, '<own>')).toBe(204)
        const fork = (await readAll(running, `f${round}-${i}`)).toString()
        expect(fork.endsWith('<own>')).toBe(true)
        expect(source.startsWith(fork.slice(0, -'<own>'.length))).toBe(true)
      }
    }
  })

  test('a fork that races the deletion of its source either is whole or is not there', async () => {
    const running = await serve({ binding })
    for (let round = 0; round < 20; round++) {
      await createStream(running, 's', '<content>')
      const fork = (i: number): Promise<number> =>
        send(running, 'PUT', `f${i}`, { 'stream-forked-from': '/v1/stream/s' })
      const results = await Promise.all([fork(0), fork(1), send(running, 'DELETE', 's'), fork(2), fork(3)])
      expect(results[2]).toBe(204)
      for (const [i, status] of [results[0], results[1], results[3], results[4]].entries()) {
        expect([201, 404, 409]).toContain(status)
        if (status === 201) expect((await readAll(running, `f${i}`)).toString()).toBe('<content>')
        expect(await send(running, 'DELETE', `f${i}`)).toBe(status === 201 ? 204 : 404)
      }
      expect(listPaths(running.store)).toEqual([])
    }
  })

  test('producers whose requests overtake and repeat each other write every batch once and in order', async () => {
    const running = await serve({ binding })
    await createStream(running, 's')
    const produce = async (id: string, seq: number): Promise<void> => {
      const tuple = { 'producer-id': id, 'producer-epoch': '0', 'producer-seq': String(seq) }
      for (;;) {
        const status = await append(running, 's', `<${id}:${seq}>`, tuple)
        if (status === 200 || status === 204) return
        expect(status).toBe(409)
      }
    }
    const ids = Array.from({ length: 8 }, (_, i) => `p${i}`)
    // Descending, so that almost every request comes before the one it has to follow; and each of them twice.
    const seqs = Array.from({ length: 12 }, (_, i) => 11 - i)
    await Promise.all(ids.flatMap((id) => [...seqs, ...seqs].map((seq) => produce(id, seq))))
    const pieces = piecesOf(await readAll(running, 's'))
    expect(pieces).toHaveLength(ids.length * seqs.length)
    for (const id of ids) {
      const own = pieces.filter((piece) => piece.startsWith(`<${id}:`))
      expect(own).toEqual(seqs.map((_, seq) => `<${id}:${seq}>`))
    }
  })
})
