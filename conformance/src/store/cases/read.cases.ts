import { RandomNumbers } from '../random-numbers.js'
import { changeOf, pathOf, recordOf, textOf } from '../records.js'
import { check, equal, fail } from '../../server/assertions.js'
import type { StoreCase } from '../store-case.js'
import { defineStoreCases } from '../store-case.js'
import { lookMeanwhile } from '../look-meanwhile.js'

const MESSAGES_IN_COMMIT = 4_000
const PAGE_BYTES = 64 << 10
/** What a page may keep alive besides itself: stores may give views of larger blocks, within reason. */
const KEPT_ALIVE_BYTES = 4 << 20

export const readCases: readonly StoreCase[] = defineStoreCases('read', [
  {
    id: 'every-range',
    title:
      'read gives at least one byte and at most as many as asked for, from wherever it is asked to begin',
    async run(ctx) {
      let text = ''
      await ctx.create('s')
      const random = new RandomNumbers(ctx.settings.seed)
      for (let i = 0; i < 12; i++) {
        const added = `${text.length}|`.repeat(random.below(30))
        await ctx.update('s', { text: added })
        text += added
      }
      const { streamId } = (await ctx.load('s')).record
      for (let i = 0; i < 300; i++) {
        const from = i < 2 ? i * (text.length - 1) : random.below(text.length)
        const limit = 1 + (i % 3 === 0 ? 0 : random.below(i % 3 === 1 ? 10 : 2 * text.length))
        const page = (await ctx.readPage('s', streamId, from, limit)) ?? fail('read gives null')
        equal(page, text.slice(from, from + page.length), `the bytes at ${from}`)
      }
    },
  },
  {
    id: 'limit-beyond-the-tail',
    title: 'a limit that reaches beyond the tail is no error',
    async run(ctx) {
      await ctx.create('s', { text: 'abc' })
      const { streamId } = (await ctx.load('s')).record
      equal(await ctx.readPage('s', streamId, 1, 2 ** 31), 'bc', 'a large limit')
      equal(await ctx.readPage('s', streamId, 2, Number.MAX_SAFE_INTEGER), 'c', 'the largest limit')
    },
  },
  {
    id: 'does-not-change-afterwards',
    title: 'bytes that were read stay as they were, whatever becomes of the stream',
    async run(ctx) {
      const text = 'abcdefghij'.repeat(100)
      await ctx.create('s', { text })
      const { streamId } = (await ctx.load('s')).record
      const read = async (from: number): Promise<readonly Uint8Array[]> =>
        (await ctx.store.read(pathOf('s'), streamId, from, 700)) ?? fail('read gives null')
      const pages = [await read(0), await read(450), await read(999)]
      const copies = pages.map(textOf)
      for (let i = 0; i < 20; i++) await ctx.update('s', { text: 'x'.repeat(1000) })
      await read(5_000)
      await ctx.update('s', { text: 'new', record: { streamId: ctx.newStreamId(), tail: 3 }, touchedAt: 1 })
      await ctx.remove('s')
      for (let i = 0; i < 20; i++) await ctx.create(`s${i}`, { text: 'y'.repeat(1000) })
      equal(pages.map(textOf), copies, 'what was read')
      await ctx.close()
      equal(pages.map(textOf), copies, 'what was read, after close')
    },
  },
  {
    id: 'while-it-grows',
    title: 'reads beside commits show bytes that were committed, in their places',
    async run(ctx) {
      await ctx.create('s', { text: '0|' })
      const { streamId } = (await ctx.load('s')).record
      let text = '0|'
      const growing = (async () => {
        for (let i = 0; i < 100; i++) {
          await ctx.update('s', { text: `${text.length}|` })
          text += `${text.length}|`
        }
      })()
      const random = new RandomNumbers(ctx.settings.seed)
      await lookMeanwhile(growing, async () => {
        const from = random.below(text.length)
        const page =
          (await ctx.readPage('s', streamId, from, 1 + random.below(100))) ?? fail('read gives null')
        // Acknowledged or under way: every commit adds the number of its place.
        const whole = text + `${text.length}|`
        equal(page, whole.slice(from, from + page.length), `the bytes at ${from}`)
      })
    },
  },
  {
    id: 'million-messages',
    title: 'a stream of a million small messages is read in pages that hold little more than themselves',
    async run(ctx) {
      const streamId = ctx.newStreamId()
      let version = await ctx.create('s', { record: { streamId } })
      const { messages } = ctx.settings
      let tail = 0
      for (let first = 0; first < messages; first += MESSAGES_IN_COMMIT) {
        const count = Math.min(MESSAGES_IN_COMMIT, messages - first)
        const bytes = Array.from({ length: count }, (_, i) => messageOf(first + i))
        tail += 8 * count
        version = await ctx.commit('s', version, changeOf(recordOf({ streamId, tail }), { bytes }))
      }
      for (let at = 0; at < tail;) {
        const pieces =
          (await ctx.store.read(pathOf('s'), streamId, at, PAGE_BYTES)) ?? fail('read gives null')
        const page = Buffer.concat([...pieces])
        check(
          page.length > 0 && page.length <= PAGE_BYTES,
          `read gives ${page.length} bytes of ${PAGE_BYTES}`,
        )
        checkMessages(page, at)
        const buffers = new Set(pieces.map(({ buffer }) => buffer))
        const held = [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0)
        check(held <= KEPT_ALIVE_BYTES, `a page of ${page.length} bytes keeps ${held} alive`)
        at += page.length
      }
    },
  },
])

function messageOf(number: number): Buffer {
  const message = Buffer.allocUnsafe(8)
  message.writeUInt32LE(number, 0)
  message.writeUInt32LE(~number >>> 0, 4)
  return message
}

/** Compares the whole messages of a page with their numbers. */
function checkMessages(page: Buffer, position: number): void {
  for (let at = (8 - (position % 8)) % 8; at + 8 <= page.length; at += 8) {
    const number = (position + at) / 8
    const isRight = page.readUInt32LE(at) === number && page.readUInt32LE(at + 4) === ~number >>> 0
    check(isRight, `message ${number} is not the one that was committed`)
  }
}
