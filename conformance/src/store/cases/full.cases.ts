import type { StreamStore } from '@ds/core'
import { bytesOf, changeOf, pathOf, recordOf, textOf } from '../records.js'
import type { StoreContext } from '../store-context.js'
import { check, equal, fail } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { isStoreError } from '../store-errors.js'

const ROOM_BYTES = 4 << 20
const PIECE = 'x'.repeat(100_000)
const path = pathOf('s')

/** Appends until the store is full; tells the tail of what it has taken. */
async function fill(store: StreamStore, ctx: StoreContext): Promise<number> {
  const streamId = ctx.newStreamId()
  await store.commit(path, null, changeOf(recordOf({ streamId }), { touchedAt: 1 }))
  for (let tail = 0; tail < 10 * ROOM_BYTES;) {
    const loaded = (await store.load(path, [])) ?? fail('the stream is gone')
    const record = { ...loaded.record, tail: tail + PIECE.length }
    const change = changeOf(record, {
      bytes: [bytesOf(PIECE)],
      entries: new Map([['p:a', `${record.tail}`]]),
    })
    try {
      const { kind } = await store.commit(path, loaded.version, change)
      equal(kind, 'committed', 'the answer while there is room')
      tail = record.tail
    } catch (error) {
      check(isStoreError(error, 'full'), `a store without room throws ${String(error)}`)
      return tail
    }
  }
  return fail(`a store for ${ROOM_BYTES} bytes takes ten times as many`)
}

export const fullCases: readonly StoreCase[] = defineStoreCases('full', [
  {
    id: 'refuses-and-keeps',
    need: 'openSmall',
    title: 'a store without room refuses with the code full, changes nothing, and reads go on',
    async run(ctx) {
      const store = ctx.keep(await ctx.binding.openSmall!(ROOM_BYTES))
      const tail = await fill(store, ctx)
      check(tail > 0, 'a store with room takes nothing')
      const { record, entries } = (await store.load(path, ['p:a'])) ?? fail('the stream is gone')
      equal([record.tail, entries.get('p:a')], [tail, `${tail}`], 'tail and entry of the last commit')
      for (let at = 0; at < tail;) {
        const text = textOf((await store.read(path, record.streamId, at, 65_536)) ?? fail('read gives null'))
        check(text.length > 0 && text === 'x'.repeat(text.length), `other bytes at ${at} than were committed`)
        at += text.length
      }
    },
  },
  {
    id: 'takes-again',
    need: 'openSmall',
    title: 'once streams were removed, it takes as much as before, without a restart',
    async run(ctx) {
      const store = ctx.keep(await ctx.binding.openSmall!(ROOM_BYTES))
      const first = await fill(store, ctx)
      for (let round = 0; round < 5; round++) {
        const { version } = (await store.load(path, [])) ?? fail('the stream is gone')
        equal(
          (await store.commit(path, version, changeOf(null))).kind,
          'committed',
          'the answer to a removal',
        )
        const tail = await fill(store, ctx)
        check(tail >= first / 2, `a store that has taken ${first} bytes takes ${tail} after their removal`)
      }
    },
  },
])
