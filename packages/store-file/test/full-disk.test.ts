import { FileStore } from '../src/file-store.js'
import { changeOf, pathOf, textOf } from './changes.js'
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'

const mounted = mountSmallDisk()

test.skipIf(mounted === null)(
  'a full disk refuses writes, keeps reads going, and takes writes again when there is space',
  async () => {
    const options = { checkpointBytes: 300_000, preallocateBytes: 64 << 10 }
    const store = await FileStore.open(mounted!, options)
    try {
      const written = await fill(store)
      expect(written).toBeGreaterThan(10)
      expect(textOf(await store.read(pathOf('s0'), changeOf('', '', 0).record!.streamId, 0, 3))).toBe('0 x')
      execFileSync('mount', ['-o', 'remount,size=64m', mounted!])
      // A checkpoint that failed rests before it is tried again.
      await expect.poll(() => append(store, written), { timeout: 5_000 }).toBe('committed')
      await store.close()
      const again = await FileStore.open(mounted!)
      for (let i = 0; i <= written; i++)
        expect((await again.load(pathOf(`s${i}`), []))?.commitId).toBe(`c${i}`)
      expect(again.damage).toEqual([])
      await again.close()
    } finally {
      execFileSync('umount', ['-l', mounted!])
      rmSync(mounted!, { recursive: true, force: true })
    }
  },
  30_000,
)

/** Writes streams until there is no space; returns how many there are. */
async function fill(store: FileStore): Promise<number> {
  for (let i = 0; ; i++) if ((await append(store, i)) === 'full') return i
}

async function append(store: FileStore, index: number): Promise<string> {
  try {
    const change = changeOf(`c${index}`, `${index} ${'x'.repeat(20_000)}`, 0)
    return (await store.commit(pathOf(`s${index}`), null, change)).kind
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** A disk of three megabytes; null where mounting is not allowed. */
function mountSmallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'ds-full-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' })
    return folder
  } catch {
    console.warn('the test of a full disk is left out: mounting is not allowed here')
    rmSync(folder, { recursive: true })
    return null
  }
}
