import { FileStore } from './file-store.js'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { changeOf, pathOf, recordOf, textOf } from '../test/changes.js'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { verifyDirectory } from './verify-directory.js'

const STREAMS = 200
let directory = ''

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ds-metadata-'))
  const store = await FileStore.open(directory)
  for (let i = 0; i < STREAMS; i++)
    await store.commit(pathOf(`s${i}`), null, changeOf(`c${i}`, `text ${i}`, 0))
  await store.close()
})

afterEach(() => rmSync(directory, { recursive: true }))

function damage(name: string, at: (length: number) => number): void {
  const file = join(directory, name)
  const bytes = readFileSync(file)
  bytes[at(bytes.length)]! ^= 4
  writeFileSync(file, bytes)
}

function tableName(): string {
  return `tables/${readdirSync(join(directory, 'tables'))[0]!}`
}

async function expectEverything(problem: string): Promise<void> {
  expect((await verifyDirectory(directory)).problems).toEqual([problem])
  const told: string[] = []
  const onFault = (fault: unknown): void => void told.push((fault as Error).message)
  const store = await FileStore.open(directory, { onFault })
  expect(told).toEqual([problem])
  expect(store.health()).toMatchObject({ isWritable: true, problems: [problem], damage: [] })
  for (let i = 0; i < STREAMS; i++) {
    const path = pathOf(`s${i}`)
    expect(textOf(await store.read(path, recordOf(0).streamId, 0, 100))).toBe(`text ${i}`)
  }
  expect(await store.load(pathOf('s'), [])).toBeNull()
  expect(await store.list('s19', '', 100)).toHaveLength(11)
  await store.close()
}

describe('a directory with a damaged manifest', () => {
  test('is opened with the copy of it, which then replaces it', async () => {
    damage('MANIFEST', (length) => length >> 1)
    await expectEverything('MANIFEST was damaged, and its copy is used')
    expect((await verifyDirectory(directory)).problems).toEqual([])
    rmSync(join(directory, 'MANIFEST'))
    await expectEverything('MANIFEST was missing, and its copy is used')
    expect((await verifyDirectory(directory)).problems).toEqual([])
  })

  test('is left alone when the copy is damaged, too', async () => {
    damage('MANIFEST', () => 20)
    damage('MANIFEST.copy', () => 30)
    const before = readdirSync(directory, { recursive: true })
    await expect(FileStore.open(directory)).rejects.toMatchObject({
      code: 'corrupt',
      message: `MANIFEST and MANIFEST.copy are damaged or missing; ds-verify-store ${directory} tells more`,
    })
    expect(readdirSync(directory, { recursive: true })).toEqual(before)
  })
})

describe('a table with a damaged', () => {
  test.each([
    ['footer', 20],
    ['index', 60],
  ])('%s gets its index from its rows', async (_, fromEnd) => {
    damage(tableName(), (length) => length - fromEnd)
    await expectEverything(`${tableName()}: its index was damaged, and was made anew`)
  })

  test('index and a damaged row refuses to be opened, by name', async () => {
    const name = tableName()
    damage(name, (length) => length - 60)
    damage(name, () => 100)
    await expect(FileStore.open(directory)).rejects.toMatchObject({
      code: 'corrupt',
      message: `${name} has a damaged index, and damaged rows; ds-verify-store ${directory} tells more`,
    })
    expect((await verifyDirectory(directory)).problems).toHaveLength(1)
  })

  test('block fails to read the streams in it, and no others', async () => {
    damage(tableName(), () => 100)
    const store = await FileStore.open(directory)
    await expect(store.load(pathOf('s0'), [])).rejects.toMatchObject({ code: 'corrupt' })
    expect((await store.load(pathOf('s99'), []))?.commitId).toBe('c99')
    await store.close()
  })
})
