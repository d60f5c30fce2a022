import { check, equal } from '../../server/assertions.js'
import { CREATED_AT, changeOf, pathOf } from '../records.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { isStoreError } from '../store-errors.js'

export const capabilityCases: readonly StoreCase[] = defineStoreCases('capabilities', [
  {
    id: 'are-told',
    title: 'a store tells its name, what a commit survives, and whether several nodes may use it',
    async run(ctx) {
      const told = { ...ctx.store.capabilities }
      const { name, durability, multiNode } = told
      check(typeof name === 'string' && name.length > 0, 'the name is empty')
      check(['volatile', 'process', 'power'].includes(durability), `no such durability: ${durability}`)
      equal(typeof multiNode, 'boolean', 'the type of multiNode')
      await ctx.create('s')
      equal({ ...ctx.store.capabilities }, told, 'the capabilities later')
    },
  },
  {
    id: 'immediate-is-immediate',
    title:
      'what a store that calls itself immediate returns from load, commit and touch is no promise, and several nodes may not use it',
    async run(ctx) {
      const { immediate = false, multiNode } = ctx.store.capabilities
      if (!immediate) return
      check(!multiNode, 'multiNode is true: another node may come between a load and a commit')
      await ctx.create('s')
      const { record, version } = await ctx.load('s')
      const loaded = ctx.store.load(pathOf('s'), [])
      const committed = ctx.store.commit(pathOf('s'), version, changeOf({ ...record, closed: true }))
      const touched: unknown = ctx.store.touch(pathOf('s'), record.streamId, CREATED_AT + 1)
      const arePromises = [loaded, committed, touched].map(isThenable)
      equal(arePromises, [false, false, false], 'whether load, commit and touch returned promises')
    },
  },
  {
    id: 'can-be-tested',
    title:
      'what a store promises can be tested: the binding of a store that keeps data reopens it, and that of a store for several nodes opens a second one',
    async run({ binding }) {
      const { durability, multiNode } = binding.store.capabilities
      check(
        durability === 'volatile' || binding.reopen !== undefined,
        `durability is ${durability}, and setup gives no reopen`,
      )
      check(
        !multiNode || binding.secondNode !== undefined,
        'multiNode is true, and setup gives no secondNode',
      )
      return Promise.resolve()
    },
  },
  {
    id: 'health',
    title: 'a store that tells how it is says at once that all is well',
    async run(ctx) {
      await ctx.create('s')
      const health = ctx.store.health?.()
      if (health === undefined) return
      equal([health.isWritable, health.problems], [true, []], 'the health of a new store')
    },
  },
  {
    id: 'second-node-is-refused',
    need: 'refused-node',
    title: 'a store for one node refuses the second one, and goes on working',
    async run(ctx) {
      await ctx.create('s', { text: 'a' })
      try {
        ctx.keep(await ctx.binding.secondNode!())
      } catch (error) {
        check(isStoreError(error, 'unavailable'), 'the refusal is a StoreError with the code unavailable')
        await ctx.update('s', { text: 'b' })
        equal(await ctx.readAll('s'), 'ab', 'the bytes')
        return
      }
      check(false, 'multiNode is false, and a second node could be opened')
    },
  },
])

/** A promise or anything else that has to be awaited. */
function isThenable(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}
