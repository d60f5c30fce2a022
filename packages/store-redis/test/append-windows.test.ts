import type { LoadedStream, StreamChange, Version } from '@ds/core'
import { CommitCalls } from './commit-calls.js'
import { KeyNames } from '../src/keys.js'
import { RedisServer } from '../test-kit/redis-server.mjs'
import { RedisStore } from '../src/redis-store.js'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { changeOf, pathOf, readAll, write } from './changes.js'

const path = pathOf('a')
const names = new KeyNames('ds:')
const { bucket, head } = names.ofStream(path)
const { due } = names.ofBucket(bucket)
const WINDOW_MS = 60_000
const MARGIN_MS = 3_600_000

const calls = new CommitCalls()
let redis: RedisServer
let store: RedisStore
let other: RedisStore

beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis.stop())
beforeEach(async () => {
  await redis.ask('flushall')
  const options = { url: redis.url, quarantineMs: 0, expiryMarginMs: MARGIN_MS, connect: calls.connect }
  store = await RedisStore.open(options)
  other = await RedisStore.open(options)
  const expiry = { kind: 'ttl', seconds: WINDOW_MS / 1_000 } as const
  await write(store, path, '0123', { expiry, createdAt: Date.now() })
})
afterEach(() => Promise.all([store.close(), other.close()]))

async function loaded(from = store): Promise<LoadedStream> {
  return (await from.load(path, []))!
}

/** Appends as one that commutes; how often that took the script that can do everything. */
function append({ record }: LoadedStream, version: Version, over: Partial<StreamChange>): Promise<number> {
  const change = changeOf({ ...record, tail: record.tail + 1 }, 'x', { commutes: true, ...over })
  return calls.during(async () => expect((await store.commit(path, version, change)).kind).toBe('committed'))
}

/** When Redis removes a key, in milliseconds since 1970; -1 for never. */
async function endOf(key: string): Promise<number> {
  return Number(await redis.ask('pexpiretime', key))
}

test('an append moves on when the stream is due and when its head goes, and leaves the chunks alone', async () => {
  const found = await loaded()
  const chunk = `${names.chunkPrefix(bucket, found.record.streamId)}0`
  const chunkEnd = await endOf(chunk)
  const touchedAt = found.touchedAt + 20_000
  expect(await append(found, found.version, { touchedAt })).toBe(0)
  expect(await redis.ask('zscore', due, path)).toBe(String(touchedAt + WINDOW_MS))
  expect(await endOf(head)).toBe(touchedAt + WINDOW_MS + MARGIN_MS)
  expect(await endOf(chunk)).toBe(chunkEnd)
  expect((await loaded(other)).touchedAt).toBe(touchedAt)
  expect(store.recall(path, [])).toEqual(await loaded(other))
})

test('an append behind that of another node moves the window, too, and never back', async () => {
  const found = await loaded()
  const later = found.touchedAt + 20_000
  await other.touch(path, found.record.streamId, later)
  expect(await append(found, found.version, { touchedAt: found.touchedAt + 1 })).toBe(0)
  expect(await append(found, found.version, { touchedAt: found.touchedAt + 2 })).toBe(0)
  expect(await redis.ask('zscore', due, path)).toBe(String(later + WINDOW_MS))
  expect(await endOf(head)).toBe(later + WINDOW_MS + MARGIN_MS)
  expect(await loaded(other)).toMatchObject({ touchedAt: later, record: { tail: 6 } })
})

test('a chunk that an append begins has the lease of the others', async () => {
  const found = await loaded()
  const bytes = [Buffer.alloc(9_000, 'y')]
  const record = { ...found.record, tail: found.record.tail + 9_000 }
  expect(await append(found, found.version, { bytes, record })).toBe(0)
  const chunks = (await redis.ask('keys', '*b:*')) as string[]
  expect(chunks).toHaveLength(3)
  expect(new Set(await Promise.all(chunks.map(endOf))).size).toBe(1)
})

test('an append takes the other script when chunks need a longer lease', async () => {
  const found = await loaded()
  const touchedAt = found.touchedAt + 2 * MARGIN_MS
  expect(await append(found, found.version, { touchedAt })).toBe(1)
  for (const chunk of (await redis.ask('keys', '*b:*')) as string[]) {
    expect(await endOf(chunk)).toBeGreaterThan(touchedAt + MARGIN_MS)
  }
  expect(String(await readAll(store, path, (await loaded()).record))).toBe('0123x')
})

test('an append takes the other script when nothing ends, because a fork holds the stream', async () => {
  const { record, version } = await loaded()
  await store.commit(path, version, changeOf({ ...record, forkCount: 1 }))
  const found = await loaded()
  expect(await append(found, found.version, {})).toBe(1)
  expect(await endOf(head)).toBe(-1)
})

test('an append takes the other script when the index does not name the stream', async () => {
  const found = await loaded()
  await redis.ask('zrem', due, path)
  expect(await append(found, found.version, {})).toBe(1)
  expect(await redis.ask('zscore', due, path)).not.toBeNull()
})

test('an append that depends on when the stream was last used conflicts when it was used since', async () => {
  const { record, version, touchedAt } = await loaded()
  await other.touch(path, record.streamId, touchedAt + 1)
  const change = changeOf({ ...record, tail: record.tail + 1 }, 'x', {
    commutes: true,
    ifTouchedAt: touchedAt,
  })
  expect(await store.commit(path, version, change)).toEqual({ kind: 'conflict' })
})
