import { MemoryStore } from '@ds/store-memory'
import { StreamHandler } from './handler.js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepStringMethodsFast } from './string-methods.js'
import { nodeRuntime } from '../node/node-runtime.js'
import { runInNewContext, runInThisContext } from 'node:vm'
import { setFlagsFromString } from 'node:v8'

/** How V8 itself tells whether String.prototype has the form that optimised code can look into. */
const IS_FAST = '%HasFastProperties(String.prototype)'

beforeAll(() => setFlagsFromString('--allow-natives-syntax'))
afterAll(() => setFlagsFromString('--no-allow-natives-syntax'))

describe('the methods of strings', () => {
  const mend = `{ const CALLS = 1000; (${keepStringMethodsFast.toString()})() }`
  const derive = 'class Text extends String {}'
  /** What V8 tells before the first step and after each, in a world where nothing has happened yet. */
  const statesOf = (...steps: readonly string[]): unknown =>
    runInNewContext(
      `[${['0', ...steps].map((step) => `(eval(${JSON.stringify(step)}), ${IS_FAST})`).join()}]`,
    )

  it('are slow once a class was derived from String, and fast again when they were mended', () => {
    expect(statesOf(derive, mend)).toEqual([true, false, true])
  })

  it('stay fast when classes are derived from String afterwards', () => {
    expect(statesOf(mend, derive)).toEqual([true, true, true])
  })

  it('are mended by whoever makes a handler', async () => {
    runInThisContext('(class extends String {})')
    const handler = new StreamHandler({ store: new MemoryStore() }, nodeRuntime)
    expect(runInThisContext(IS_FAST)).toBe(true)
    await handler.close()
  })
})
