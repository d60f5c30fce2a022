import type { StreamRecord, Version } from '@ds/core'
import { FileStore } from '../src/file-store.js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { changeOf, pathOf, recordOf } from './changes.js'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

/** How much is written: little by default, from before 4 GiB to behind it; `DS_LARGE_BYTES=5e9` for the real thing. */
const BYTES = Number(process.env['DS_LARGE_BYTES'] ?? 48 << 20)
const BASE = BYTES > 2 ** 32 ? 0 : 2 ** 32 - (BYTES >> 1)
const MESSAGE = 40
const COMMIT = Buffer.alloc(1 << 20)
const PAGE = 1 << 20
const PATH = pathOf('large')
const TIMEOUT_MS = 120_000 + BYTES / 10_000

let directory = ''

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ds-large-'))
})

afterEach(() => rmSync(directory, { recursive: true }))

test(
  'a stream of over a million messages, at positions beyond 4 GiB, is read with bounded memory and short turns',
  async () => {
    const options = { checkpointBytes: 8 << 20 }
    const store = await FileStore.open(directory, options)
    const tail = await writeMessages(store)
    await store.close()
    const again = await FileStore.open(directory, options)
    expect((await again.load(PATH, []))?.record.tail).toBe(tail)
    const turns = countTurns()
    const before = process.memoryUsage()
    expect(await readMessages(again, tail)).toBe(Math.floor((tail - BASE) / MESSAGE))
    const after = process.memoryUsage()
    // Others have had their turn between one page and the next.
    expect(turns()).toBeGreaterThan((tail - BASE) / PAGE)
    expect(after.rss - before.rss).toBeLessThan(200 << 20)
    await again.close()
  },
  TIMEOUT_MS,
)

test('the space of a removed stream is given back to the file system', async () => {
  const store = await FileStore.open(directory, { checkpointBytes: 1 << 20, preallocateBytes: 4096 })
  let version: Version | null = null
  for (let i = 0; i < 16; i++) {
    const record = recordOf((i + 1) * COMMIT.length)
    const change = { ...changeOf(`c${i}`, '', 0), record, bytes: [COMMIT] }
    version = versionOf(await store.commit(PATH, version, change))
  }
  await expect.poll(() => usedKiB()).toBeGreaterThan(16 << 10)
  await store.commit(PATH, version, { ...changeOf('gone', '', 0), record: null, bytes: [] })
  await store.close()
  expect(usedKiB()).toBeLessThan(200)
})

/** Counts turns of the event loop; returns what ends that and tells how many there were. */
function countTurns(): () => number {
  let turns = 0
  let next = setImmediate(function count() {
    turns++
    next = setImmediate(count)
  })
  return () => {
    clearImmediate(next)
    return turns
  }
}

function usedKiB(): number {
  return Number(execFileSync('du', ['-sk', directory]).toString().split('\t')[0])
}

/** Numbered messages of equal length, in commits of about a MiB. */
async function writeMessages(store: FileStore): Promise<number> {
  const record: StreamRecord = { ...recordOf(0), base: BASE, tail: BASE }
  let version: Version | null = null
  let tail = BASE
  let next = 0
  for (let commit = 0; tail < BASE + BYTES; commit++) {
    const bytes = Buffer.alloc(Math.floor(COMMIT.length / MESSAGE) * MESSAGE)
    for (let at = 0; at < bytes.length; at += MESSAGE) bytes.write(messageOf(next++), at)
    tail += bytes.length
    const change = { ...changeOf(`c${commit}`, '', 0), record: { ...record, tail }, bytes: [bytes] }
    version = versionOf(await store.commit(PATH, version, change))
  }
  return tail
}

/** Reads everything page by page, and counts the messages. */
async function readMessages(store: FileStore, tail: number): Promise<number> {
  const { streamId } = recordOf(0)
  let next = 0
  let rest = Buffer.alloc(0)
  for (let at = BASE; at < tail;) {
    const pieces = await store.read(PATH, streamId, at, PAGE)
    const page = Buffer.concat([rest, ...(pieces ?? [])])
    const got = page.length - rest.length
    if (pieces === null || got === 0 || got > PAGE) throw new Error(`${got} bytes at ${at}`)
    const whole = Math.floor(page.length / MESSAGE) * MESSAGE
    for (let from = 0; from < whole; from += MESSAGE, next++) {
      if (page.toString('latin1', from, from + MESSAGE) !== messageOf(next))
        throw new Error(`message ${next}`)
    }
    rest = page.subarray(whole)
    at += got
  }
  return next
}

function messageOf(number: number): string {
  return `message ${number} `.padEnd(MESSAGE - 1, '.') + '\n'
}

function versionOf(result: Awaited<ReturnType<FileStore['commit']>>): Version {
  if (result.kind !== 'committed') throw new Error(result.kind)
  return result.version
}
