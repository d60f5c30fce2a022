import type { HotStream } from './hot-stream.js'
import type { TableHead } from './table-format.js'
import { StreamMemory } from './stream-memory.js'
import { changeOf, pathOf, recordOf } from '../test/changes.js'
import { expect, test } from 'vitest'

const HEAD: TableHead = {
  record: recordOf(0),
  version: 1,
  commitId: '1',
  touchedAt: 0,
  mayHaveEntries: false,
  extents: [],
}

function addIdle(memory: StreamMemory, count: number): HotStream[] {
  return Array.from({ length: count }, (_, i) => memory.add(pathOf(`idle/${i}`), HEAD))
}

function countKept(memory: StreamMemory, streams: readonly HotStream[]): number {
  return streams.filter(({ path }) => memory.get(path) !== undefined).length
}

test('of streams that have nothing to be stored, only so many are kept', () => {
  const memory = new StreamMemory(10)
  const streams = addIdle(memory, 1000)
  expect(countKept(memory, streams)).toBeLessThanOrEqual(11)
  expect(memory.get(streams.at(-1)!.path)).toBe(streams.at(-1))
})

test('streams that are asked for stay longer than those that are not', () => {
  const memory = new StreamMemory(100)
  const used = addIdle(memory, 50)
  for (let i = 0; i < 5000; i++) {
    memory.add(pathOf(`passing/${i}`), HEAD)
    for (const { path } of used) memory.get(path)
  }
  expect(countKept(memory, used)).toBe(50)
})

test('changed streams are kept however many they are, until they are stored', async () => {
  const memory = new StreamMemory(10)
  const changed = addIdle(memory, 1)
  for (let i = 0; i < 100; i++) {
    const stream = memory.add(pathOf(`changed/${i}`), null)
    memory.apply(stream, changeOf('1', 'x', 0), i + 1)
    changed.push(stream)
  }
  expect(countKept(memory, changed.slice(1))).toBe(100)
  memory.seal()
  expect(countKept(memory, changed.slice(1))).toBe(100)
  for (const stream of memory.sealed!.sorted()) stream.changeToStore(memory.sealed!)
  await memory.settle(() => Promise.resolve())
  expect(countKept(memory, changed)).toBeLessThanOrEqual(11)
})

test('a stream with a commit under way is kept', () => {
  const memory = new StreamMemory(10)
  const busy = memory.add(pathOf('busy'), HEAD)
  busy.isBusy = true
  addIdle(memory, 1000)
  expect(memory.get(busy.path)).toBe(busy)
})

test('what is being stored is what the stream was when the layer was sealed, whatever comes after it', async () => {
  const memory = new StreamMemory(10)
  const stream = memory.add(pathOf('a'), null)
  memory.apply(stream, changeOf('1', 'first', 0), 1)
  memory.seal()
  memory.apply(stream, changeOf('2', 'second', 5), 2)
  const stored = stream.changeToStore(memory.sealed!)
  expect(stored.head).toMatchObject({ record: recordOf(5), version: 1, commitId: '1' })
  expect(stored).toMatchObject({ from: 0, tail: 5 })
  expect(stream).toMatchObject({ record: recordOf(11), version: 2, commitId: '2' })
  expect(stream.change).toMatchObject({ from: 5, tail: 11 })
  await memory.settle(() => Promise.resolve())
  expect(stream).toMatchObject({ sealed: null, isStored: true, hasChanged: true })
})
