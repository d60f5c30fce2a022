import type { StoreContext } from '../store-context.js'
import { comparePaths } from '../store-model.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { equal, fail } from '../../server/assertions.js'

/** In the order of their UTF-8 bytes, which is not that of JavaScript's strings. */
const ORDERED: readonly string[] = [
  '!',
  'A',
  'a',
  'a!',
  'a/',
  'a/b',
  'a/b/c',
  'a/\u00e4',
  'a0',
  'aa',
  'b',
  '~',
  '\u0080',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uffee',
  '\uffff',
  '\u{10000}',
  '\u{1f600}',
  '\u{10ffff}',
]

const MOST_PAGES = 200

async function createAll(ctx: StoreContext, paths: readonly string[]): Promise<void> {
  // Not in their order, so that a store that keeps the order of creation is found out.
  const shuffled = paths.filter((_, i) => i % 2 === 1).concat(paths.filter((_, i) => i % 2 === 0).reverse())
  for (const path of shuffled) await ctx.create(path)
}

/** Every page, each after the last path of the one before; fails when they do not come to an end. */
async function pagesOf(
  ctx: StoreContext,
  prefix: string,
  limit: number,
  between: (page: readonly string[]) => Promise<void> = () => Promise.resolve(),
): Promise<(readonly string[])[]> {
  const pages: (readonly string[])[] = []
  while (pages.length < MOST_PAGES) {
    const page = await ctx.list(prefix, pages.at(-1)?.at(-1) ?? '', limit)
    if (page.length === 0) return pages
    pages.push(page)
    await between(page)
  }
  return fail(`${MOST_PAGES} pages, and still no end`)
}

export const listCases: readonly StoreCase[] = defineStoreCases('list', [
  {
    id: 'order',
    title: 'paths come in the order of their UTF-8 bytes',
    async run(ctx) {
      equal(await ctx.list(), [], 'the list of an empty store')
      await createAll(ctx, ORDERED)
      equal(await ctx.list(), ORDERED, 'the list')
    },
  },
  {
    id: 'prefix',
    title: 'a prefix selects the paths that begin with it, wherever it ends',
    async run(ctx) {
      await createAll(ctx, ORDERED)
      for (const prefix of [
        'a',
        'a/',
        'a/b',
        'a/b/',
        'aa',
        '\u00e4',
        '\uffff',
        '\u{1f600}',
        '\u{10ffff}',
        'zz',
        'a/b/c/d',
      ]) {
        equal(
          await ctx.list(prefix),
          ORDERED.filter((path) => path.startsWith(prefix)),
          `the list of ${prefix}`,
        )
      }
    },
  },
  {
    id: 'after',
    title: 'only paths after the given one come, whether it exists or not, whether it has the prefix or not',
    async run(ctx) {
      await createAll(ctx, ORDERED)
      const afters = [...ORDERED, 'a/a', 'a/b/', '`', 'a/\u00e4\u00e4', '\u{1f5ff}', '0']
      for (const prefix of ['', 'a', 'a/', '\u{10000}']) {
        for (const after of afters) {
          const expected = ORDERED.filter((path) => path.startsWith(prefix) && comparePaths(path, after) > 0)
          equal(await ctx.list(prefix, after), expected, `the list of ${prefix} after ${after}`)
        }
      }
    },
  },
  {
    id: 'pages',
    title: 'page by page, every path comes once, whatever the size of the page',
    async run(ctx) {
      await createAll(ctx, ORDERED)
      for (const limit of [1, 2, 5, ORDERED.length - 1, ORDERED.length]) {
        equal((await pagesOf(ctx, '', limit)).flat(), ORDERED, `the pages of ${limit}`)
      }
    },
  },
  {
    id: 'long-paths',
    title: 'paths of 1,024 units that differ in the last one come in order, too',
    async run(ctx) {
      const euros = '\u20ac'.repeat(1023)
      const paths = [euros, ...['a', 'b', '\u00e4', '\uffee'].map((last) => `${euros}${last}`)]
      await createAll(ctx, paths)
      equal(await ctx.list(), paths, 'the list')
      equal(await ctx.list(paths[0]), paths, 'the list with the prefix of all')
      equal(await ctx.list(`${euros}b`), [`${euros}b`], 'the list of one')
      equal(await ctx.list('', `${euros}a`, 2), paths.slice(2, 4), 'a page')
    },
  },
  {
    id: 'many',
    title: 'thousands of paths come in order, and pages in the middle of them',
    async run(ctx) {
      const paths = Array.from({ length: 3_000 }, (_, i) => `many/${i.toString(36)}`)
      for (let i = 0; i < paths.length; i += 250) {
        await Promise.all(paths.slice(i, i + 250).map((path) => ctx.create(path)))
      }
      const ordered = [...paths].sort(comparePaths)
      equal(await ctx.list('many/'), ordered, 'the list')
      equal(await ctx.list('', ordered[1_499], 100), ordered.slice(1_500, 1_600), 'a page in the middle')
    },
  },
  {
    id: 'removed-and-replaced',
    title: 'removed streams are not listed, replaced and soft-deleted ones are, once each',
    async run(ctx) {
      await createAll(ctx, ['a', 'b', 'c', 'd'])
      await ctx.remove('b')
      await ctx.update('c', { record: { streamId: ctx.newStreamId() }, touchedAt: 1 })
      await ctx.update('d', { record: { state: 'soft-deleted' } })
      equal(await ctx.list(), ['a', 'c', 'd'], 'the list')
      await ctx.create('b')
      equal(await ctx.list(), ['a', 'b', 'c', 'd'], 'the list after it was created again')
    },
  },
  {
    id: 'while-streams-come-and-go',
    title: 'streams that stay are all listed, though others come and go between the pages',
    async run(ctx) {
      const paths = Array.from({ length: 60 }, (_, i) => `s/${String(i).padStart(2, '0')}`)
      await createAll(ctx, paths)
      const pages = await pagesOf(ctx, 's/', 7, async (page) => {
        await ctx.create(`s/00/${page[0]!}`)
        await ctx.create(`t/${page[0]!}`)
        await ctx.remove(page[0]!)
      })
      const seen = pages.flat()
      equal(
        seen.filter((path) => paths.includes(path)),
        paths,
        'the paths that were there from the first',
      )
    },
  },
])
