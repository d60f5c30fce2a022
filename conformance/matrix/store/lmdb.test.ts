import { LmdbStore } from '@ds/store-lmdb'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { runStoreCases } from '@ds/conformance'
import { test } from 'vitest'
import { tmpdir } from 'node:os'

runStoreCases({
  test,
  setup: async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ds-store-cases-'))
    const open = () => LmdbStore.open(directory)
    return { store: await open(), reopen: open, teardown: () => rmSync(directory, { recursive: true }) }
  },
})
