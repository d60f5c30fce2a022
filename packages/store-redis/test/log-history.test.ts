import type { Operation } from './log-history.js'
import { checkLogHistory } from './log-history.js'
import { expect, test } from 'vitest'

const append = (message: string, began: number, ended: number | null): Operation => {
  return { kind: 'append', message, began, ended }
}
const read = (content: string, began: number, ended: number, from = 0): Operation => {
  return { kind: 'read', from, content: content.split(''), began, ended }
}

test.each<[string, Operation[], string]>([
  ['nothing', [], ''],
  ['appends at once in either order', [append('a', 0, 5), append('b', 1, 4)], 'ba'],
  [
    'an append that is told its place',
    [append('a', 0, 1), { ...append('b', 0, 1), end: 4 } as Operation],
    'ab',
  ],
  ['an append of which nobody knows', [append('a', 0, null), append('b', 1, 2)], 'b'],
  ['the same when it has happened much later', [append('a', 0, null), append('b', 1, 2)], 'ba'],
  ['a read beside an append, before it', [append('a', 0, 5), read('', 1, 2)], 'a'],
  ['a read beside an append, after it', [append('a', 0, 5), read('a', 1, 2), read('a', 3, 4)], 'a'],
  [
    'reads that go on where others ended',
    [append('a', 0, 1), read('a', 2, 3), append('b', 3, 4), read('b', 5, 6, 1), read('', 7, 8, 2)],
    'ab',
  ],
])('%s is a history of a log', (_, history, final) => {
  expect(checkLogHistory(history, final.split(''))).toBeNull()
})

test.each<[string, Operation[], string]>([
  [
    'an append that is told another place',
    [append('a', 0, 1), { ...append('b', 0, 1), end: 2 } as Operation],
    'ab',
  ],
  ['a lost append', [append('a', 0, 1)], ''],
  ['an append that happens twice', [append('a', 0, 1)], 'aa'],
  ['a message that nobody wrote', [], 'a'],
  ['appends in the wrong order', [append('a', 0, 1), append('b', 2, 3)], 'ba'],
  ['a read that overlooks an append', [append('a', 0, 1), read('', 2, 3)], 'a'],
  ['a read from the future', [read('a', 0, 1), append('a', 2, 3)], 'a'],
  [
    'a read that takes back what another has shown',
    [append('a', 0, 9), read('a', 1, 2), read('', 3, 4)],
    'a',
  ],
  ['a read of what was never there', [append('a', 0, null), append('b', 0, null), read('b', 1, 2)], 'ab'],
  [
    'an append that has failed and is there',
    [{ ...append('a', 0, null), hasFailed: true } as Operation],
    'a',
  ],
  ['a dirty read of what is gone later', [append('a', 0, null), read('a', 1, 2)], ''],
  [
    'a read that goes on and overlooks an append',
    [append('a', 0, 1), append('b', 2, 3), read('', 4, 5, 1)],
    'ab',
  ],
  ['a read that goes on somewhere else', [append('a', 0, 9), append('b', 0, 9), read('a', 1, 2, 1)], 'ab'],
  [
    'a read that goes on and shows the future',
    [append('a', 0, 1), read('b', 2, 3, 1), append('b', 4, 5)],
    'ab',
  ],
])('%s is none', (_, history, final) => {
  expect(checkLogHistory(history, final.split(''))).not.toBeNull()
})
