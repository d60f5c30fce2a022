import { ConformanceFailure } from '../../server/assertions.js'
import { RandomNumbers } from '../random-numbers.js'
import { RandomSequence } from '../random-sequence.js'
import type { StoreContext } from '../store-context.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'

const TRACE_STEPS = 25

async function runSequence(ctx: StoreContext, seed: number): Promise<void> {
  const sequence = new RandomSequence(ctx, new RandomNumbers(seed))
  try {
    await sequence.run(ctx.settings.steps)
  } catch (error) {
    const last = sequence.trace.slice(-TRACE_STEPS).map((step) => `  ${step}`)
    const message = error instanceof Error ? error.message : String(error)
    throw new ConformanceFailure(
      `${message}\nThe last steps:\n${last.join('\n')}\nRun this sequence again with DS_STORE_SEED=${seed}`,
      { cause: error },
    )
  }
}

export const randomCases: readonly StoreCase[] = defineStoreCases('random', [
  {
    id: 'like-the-model',
    title: 'after random steps the store holds and tells what the simplest model does',
    async run(ctx) {
      for (let i = 0; i < ctx.settings.sequences; i++) {
        await ctx.onAnother((fresh) => runSequence(fresh, ctx.settings.seed + i))
      }
    },
  },
])
