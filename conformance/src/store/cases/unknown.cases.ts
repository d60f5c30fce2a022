import type { CommitResult, StreamChange, Version } from '@ds/core'
import { bytesOf, changeOf, pathOf, recordOf } from '../records.js'
import type { StoreContext } from '../store-context.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal } from '../../server/assertions.js'

const ATTEMPTS = 20

/** Commits with an answer that is lost. */
async function commitUnheard(
  ctx: StoreContext,
  path: string,
  expected: Version | null,
  change: StreamChange,
): Promise<void> {
  await ctx.binding.loseNextAnswer!()
  const { kind } = await ctx.store.commit(pathOf(path), expected, change)
  equal(kind, 'unknown', 'the answer to a commit whose answer is lost')
}

/** Repeats a change until its outcome is known. */
async function repeat(
  ctx: StoreContext,
  path: string,
  expected: Version | null,
  change: StreamChange,
): Promise<CommitResult['kind']> {
  let kind: CommitResult['kind'] = 'unknown'
  for (let attempt = 0; attempt < ATTEMPTS && kind === 'unknown'; attempt++) {
    kind = (await ctx.store.commit(pathOf(path), expected, change)).kind
  }
  return kind
}

export const unknownCases: readonly StoreCase[] = defineStoreCases('unknown', [
  {
    id: 'repeated-append-happens-once',
    need: 'loseNextAnswer',
    title: 'a change that is repeated after an unknown outcome takes place once',
    async run(ctx) {
      const version = await ctx.create('s')
      const { record } = await ctx.load('s')
      const change = changeOf(
        { ...record, tail: 3 },
        { bytes: [bytesOf('abc')], entries: new Map([['p:a', '1']]) },
      )
      await commitUnheard(ctx, 's', version, change)
      await repeat(ctx, 's', version, change)
      const { commitId, entries } = await ctx.load('s', ['p:a'])
      equal([commitId, entries.get('p:a')], [change.commitId, '1'], 'commit id and entry')
      equal(await ctx.readAll('s'), 'abc', 'the bytes')
    },
  },
  {
    id: 'repeated-creation-happens-once',
    need: 'loseNextAnswer',
    title: 'a creation of unknown outcome does not take place again after the stream was removed',
    async run(ctx) {
      const record = recordOf({ streamId: ctx.newStreamId(), tail: 3 })
      const change = changeOf(record, { bytes: [bytesOf('abc')], touchedAt: 1 })
      await commitUnheard(ctx, 's', null, change)
      equal((await ctx.load('s')).commitId, change.commitId, 'the commit id')
      await ctx.remove('s')
      equal(await repeat(ctx, 's', null, change), 'conflict', 'the answer to the repeated creation')
      equal(await ctx.find('s'), null, 'the stream')
    },
  },
  {
    id: 'repeated-removal-happens-once',
    need: 'loseNextAnswer',
    title: 'a removal of unknown outcome does not remove the successor when it is repeated',
    async run(ctx) {
      const version = await ctx.create('s')
      const change = changeOf(null)
      await commitUnheard(ctx, 's', version, change)
      equal(await ctx.find('s'), null, 'the stream')
      await ctx.create('s', { text: 'new' })
      equal(await repeat(ctx, 's', version, change), 'conflict', 'the answer to the repeated removal')
      equal(await ctx.readAll('s'), 'new', 'the successor')
    },
  },
  {
    id: 'wakes-the-watchers',
    need: 'loseNextAnswer',
    title: 'the next commit of known outcome is seen and answered as ever',
    async run(ctx) {
      const version = await ctx.create('s')
      const { record } = await ctx.load('s')
      await commitUnheard(ctx, 's', version, changeOf({ ...record, tail: 1 }, { bytes: [bytesOf('a')] }))
      await ctx.update('s', { text: 'b' })
      equal(await ctx.readAll('s'), 'ab', 'the bytes')
    },
  },
])
