import { expect, test } from 'vitest'
import { ByteArena } from './byte-arena.js'
import { ByteLog } from './byte-log.js'

const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7) & 255)

test('many logs of one arena have what was added to each, from any position and of any length', () => {
  const arena = new ByteArena()
  const logs = Array.from({ length: 40 }, (_, i) => ({
    log: new ByteLog(arena, i * 1000, i * 90),
    whole: [] as number[],
  }))
  for (let round = 0; round < 2_000; round++) {
    const { log, whole } = logs[(round * 7) % 40]!
    const piece = bytes(((round * 37) % 300) + (round % 100 === 0 ? 5_000 : 0), round)
    log.append(piece)
    whole.push(...piece)
  }
  for (const { log, whole } of logs) {
    expect(log.length).toBe(whole.length)
    for (const from of [0, 1, 255, 256, 257, 1_024, whole.length - 1, whole.length]) {
      for (const limit of [1, 300, 10_000, Infinity]) {
        const read = Buffer.concat(log.read(log.from + from, limit))
        expect(read.equals(Buffer.from(whole.slice(from, from + limit)))).toBe(true)
      }
    }
  }
})

test('what was read stays as it was, and a block longer than what is shared has memory of its own', () => {
  const log = new ByteLog(new ByteArena(), 0)
  log.append(bytes(100, 1))
  const [first] = log.read(0, 100)
  const before = Buffer.from(first!)
  log.append(bytes(3 << 20, 2))
  log.append(bytes(100, 3))
  expect(before.equals(first!)).toBe(true)
  expect(
    Buffer.concat(log.read(0, Infinity)).equals(
      Buffer.concat([bytes(100, 1), bytes(3 << 20, 2), bytes(100, 3)]),
    ),
  ).toBe(true)
})

test('a log that begins anew has nothing of what it had', () => {
  const log = new ByteLog(new ByteArena(), 0)
  for (let i = 0; i < 20; i++) log.append(bytes(200, i))
  log.beginAt(50)
  expect([log.from, log.length, log.read(50, 1_000)]).toEqual([50, 0, []])
  log.append(bytes(10, 9))
  expect(log.read(50, 1_000)).toEqual([bytes(10, 9)])
})
