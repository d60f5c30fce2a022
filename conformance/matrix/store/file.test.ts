import { FileStore } from '@ds/store-file'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { runStoreCases } from '@ds/conformance'
import { test } from 'vitest'
import { tmpdir } from 'node:os'

runStoreCases({
  test,
  setup: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ds-store-cases-'))
    const open = () => FileStore.open(directory)
    const teardown = () => rmSync(directory, { recursive: true })
    return { store: await open(), reopen: open, secondNode: open, teardown }
  },
})
