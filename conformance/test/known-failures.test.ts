import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { listServerCases, parseKnownFailures } from '../src/index.js'

test('a list has one id a line, with comments and blank lines', () => {
  expect(parseKnownFailures('# all\n\n4.1/a # why\r\n  5.1/b\n')).toEqual(['4.1/a', '5.1/b'])
})

test('the list of the reference server names cases that exist, each once', async () => {
  const ids = parseKnownFailures(
    await readFile(new URL('../known-failures/reference-server.txt', import.meta.url), 'utf8'),
  )
  const known = new Set(listServerCases().map((one) => one.id))
  expect(ids.filter((id) => !known.has(id))).toEqual([])
  expect(new Set(ids).size).toBe(ids.length)
})
