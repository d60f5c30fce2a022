import { FileStore } from '../src/index.js'
import { expect, onTestFinished, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'

const DIST = fileURLToPath(new URL('../dist/index.js', import.meta.url))

test('a directory is free once its owner was killed, also while nobody has taken note of its end', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ds-unreaped-'))
  const script = `import(${JSON.stringify(DIST)}).then(async ({ FileStore }) => {
    await FileStore.open(${JSON.stringify(directory)})
    console.log(process.pid)
    setInterval(() => {}, 1000)
  })`
  // The shell becomes a sleep, which never asks what became of its child.
  const parent = spawn('sh', ['-c', '"$0" -e "$1" & exec sleep 30', process.execPath, script])
  onTestFinished(() => {
    parent.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  const [printed] = (await once(parent.stdout, 'data')) as [Buffer]
  const pid = Number(printed.toString())
  await expect(FileStore.open(directory)).rejects.toThrow(String(pid))
  process.kill(pid, 'SIGKILL')
  await expect.poll(() => FileStore.open(directory).then((store) => store.close())).toBeUndefined()
})
