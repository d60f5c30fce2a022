import { describe, expect, test } from 'vitest'
import { PlainBytes, WholeLines } from '../input/text-lines.js'
import { PieceQueue } from './piece-queue.js'

const LIMITS = { maxBatchBytes: 10, maxBatchPieces: 3, maxWaitingBytes: 500, lingerMs: 10_000 }

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text))
}

async function batches(queue: PieceQueue): Promise<string[][]> {
  const all = []
  for (let batch = await queue.takeBatch(); batch !== null; batch = await queue.takeBatch()) {
    all.push(batch.map(({ bytes }) => Buffer.from(bytes).toString()))
  }
  return all
}

describe('PieceQueue', () => {
  test('makes batches within their bounds, and lets a piece that is larger go alone', async () => {
    const queue = new PieceQueue(LIMITS)
    void queue.fill(chunks('a', 'b', 'c', 'd', '12345678', '123', 'x'.repeat(30), 'e'), new PlainBytes(100))
    expect(await batches(queue)).toEqual([
      ['a', 'b', 'c'],
      ['d', '12345678'],
      ['123'],
      ['x'.repeat(30)],
      ['e'],
    ])
  })

  test('gives what was read before a failure, and then the failure', async () => {
    const queue = new PieceQueue({ ...LIMITS, lingerMs: 0 })
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('a'))
      throw new Error('the disk is gone')
    }
    void queue.fill(broken(), new PlainBytes(100))
    expect((await queue.takeBatch())?.length).toBe(1)
    await expect(queue.takeBatch()).rejects.toThrow('the disk is gone')
  })

  test('does not read on while too much waits', async () => {
    const queue = new PieceQueue(LIMITS)
    let given = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given++
        yield await Promise.resolve(Buffer.from('12345'))
      }
    }
    const filling = queue.fill(endless(), new PlainBytes(100))
    for (let i = 0; i < 1_000; i++) await Promise.resolve()
    expect(given).toBeLessThan(10)
    await queue.takeBatch()
    queue.stop()
    await filling
    expect(await queue.takeBatch()).toBeNull()
  })

  test('takes up to a position again, cutting only what can be cut', async () => {
    const queue = new PieceQueue(LIMITS)
    void queue.fill(chunks('abc', 'def'), new PlainBytes(100))
    const taken = [await queue.takeToward(4, true), await queue.takeToward(4, true)]
    expect(taken.flat().map((piece) => Buffer.from(piece!.bytes).toString())).toEqual(['abc', 'd'])
    expect(await batches(queue)).toEqual([['ef']])
    const whole = new PieceQueue(LIMITS)
    void whole.fill(chunks('abc\n'), new WholeLines(100))
    expect(await whole.takeToward(2, false)).toBeNull()
  })

  test('knows that an input ended before a position', async () => {
    const queue = new PieceQueue(LIMITS)
    void queue.fill(chunks('abc'), new PlainBytes(100))
    expect((await queue.takeToward(9, true))?.length).toBe(1)
    expect(await queue.takeToward(9, true)).toBeNull()
  })
})
