import { describe, expect, test } from 'vitest'
import { ClientGone } from './exchange.js'
import { CompressionLine } from './compression-line.js'

const PIECES = [new Uint8Array([1])]

/** A line whose compressions end when they are told to. */
function createLine(): {
  line: CompressionLine
  begun: () => number
  endOne: (fault?: Error) => Promise<void>
} {
  const running: { resolve: (bytes: Uint8Array) => void; reject: (fault: Error) => void }[] = []
  let begun = 0
  const line = new CompressionLine({
    codings: ['gzip'],
    compress: () =>
      new Promise((resolve, reject) => {
        begun++
        running.push({ resolve, reject })
      }),
  })
  const endOne = async (fault?: Error): Promise<void> => {
    const first = running.shift()!
    if (fault === undefined) first.resolve(new Uint8Array([2]))
    else first.reject(fault)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { line, begun: () => begun, endOne }
}

const isHere = (): boolean => false

describe('a compression line', () => {
  test('runs two at a time, the others in their order', async () => {
    const { line, begun, endOne } = createLine()
    const ended: number[] = []
    for (let i = 0; i < 6; i++) void line.compress('gzip', PIECES, isHere).then(() => ended.push(i))
    for (let i = 1; i <= 6; i++) {
      expect(begun()).toBe(Math.min(i + 1, 6))
      await endOne()
    }
    expect(ended).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('is full when 32 wait, and has room again when one is done', async () => {
    const { line, endOne } = createLine()
    for (let i = 0; i < 33; i++) void line.compress('gzip', PIECES, isHere)
    expect(line.isFull).toBe(false)
    void line.compress('gzip', PIECES, isHere)
    expect(line.isFull).toBe(true)
    await endOne()
    expect(line.isFull).toBe(false)
  })

  test('does nothing for a client that is gone when it is its turn', async () => {
    const { line, begun, endOne } = createLine()
    const clients = [false, false, true, false]
    const outcomes = clients.map((isGone) =>
      line
        .compress('gzip', PIECES, () => isGone)
        .then(
          () => 'compressed',
          (error: unknown) => (error instanceof ClientGone ? 'gone' : 'failed'),
        ),
    )
    for (let i = 0; i < 3; i++) await endOne()
    expect(await Promise.all(outcomes)).toEqual(['compressed', 'compressed', 'gone', 'compressed'])
    expect(begun()).toBe(3)
  })

  test('goes on after a compression that failed', async () => {
    const { line, begun, endOne } = createLine()
    const outcomes = [0, 1, 2].map(() => line.compress('gzip', PIECES, isHere).catch(String))
    await endOne(new Error('no memory'))
    await endOne()
    await endOne()
    expect(await Promise.all(outcomes)).toEqual([
      'Error: no memory',
      new Uint8Array([2]),
      new Uint8Array([2]),
    ])
    expect(begun()).toBe(3)
  })
})
