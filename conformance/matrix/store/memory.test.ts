import { MemoryStore } from '@ds/store-memory'
import { runStoreCases } from '@ds/conformance'
import { test } from 'vitest'

runStoreCases({
  test,
  setup: () => ({
    store: new MemoryStore(),
    reopen: () => new MemoryStore(),
    openSmall: (maxBytes) => new MemoryStore({ maxBytes }),
  }),
})
