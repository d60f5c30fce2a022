import { PageReader } from './page-reader.js'
import { describe, expect, test } from 'vitest'
import type { Environment } from './environment.js'
import type { StreamPath } from '../protocol/branded.js'
import type { StreamRecord } from '../store/record.js'
import type { StreamStore } from '../store/contract.js'

const path = 'a' as StreamPath

/** Reads a text page by page, each of at most `limit` bytes. */
async function pagesOf(text: string, limit: number): Promise<string[]> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0))
  const store = {
    read: (_path: string, _id: string, from: number, length: number) => [bytes.subarray(from, from + length)],
  }
  const reader = new PageReader(store as unknown as StreamStore, {} as Environment)
  const record = {
    tail: bytes.length,
    base: 0,
    start: 0,
    closed: false,
    lineage: [],
  } as unknown as StreamRecord
  const pages: string[] = []
  for (let from = 0; from < bytes.length;) {
    const page = await reader.readPage(path, record, from, limit, 'character')
    if (page === null || page.to === from) break
    pages.push(page.pieces.map((piece) => String.fromCharCode(...piece)).join(''))
    from = page.to
  }
  return pages
}

describe('a text page', () => {
  test('is not cut between CR and LF', async () => {
    expect(await pagesOf('ab\r\ncd', 3)).toEqual(['ab', '\r\nc', 'd'])
  })

  test('ends with a CR when that is all there is, or all that fits', async () => {
    expect(await pagesOf('ab\r', 3)).toEqual(['ab\r'])
    expect(await pagesOf('\r\r\n', 1)).toEqual(['\r', '\r', '\n'])
  })

  test('is not cut inside a character', async () => {
    expect(await pagesOf('a\xc3\xa4b', 2)).toEqual(['a', '\xc3\xa4', 'b'])
  })
})
