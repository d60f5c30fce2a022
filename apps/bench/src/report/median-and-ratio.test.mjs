import { expect, test } from 'vitest'
import { median, ratio, summarizeRow } from './median-and-ratio.mjs'

const baselines = { bare: 'bare', reference: 'reference' }
const entries = ['bare', 'reference', 'node'].map((name) => ({ name, title: name, baselines }))
const row = { name: 'append-1', title: 'append', unit: 'req/s', better: 'higher' }

test('the median ignores missing values', () => {
  expect(median([3, null, 1, undefined, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(median([null])).toBeNull()
})

test('a ratio above one is better in both directions', () => {
  expect(ratio(200, 100, 'higher')).toBe(2)
  expect(ratio(50, 100, 'lower')).toBe(2)
  expect(ratio(null, 100, 'lower')).toBeNull()
})

test('ratios divide by the baselines that a subject names', () => {
  const samples = new Map([
    ['bare', [{ value: 100, errors: 0 }]],
    ['reference', [{ value: 40, errors: 2 }, { failed: 'the subject ended' }]],
    ['node', [60, 80, 90].map((value) => ({ value, errors: 1 }))],
  ])
  const [, reference, node] = summarizeRow(row, entries, samples).lines
  expect(node).toMatchObject({ value: 80, errors: 3, versusBare: 0.8, versusReference: 2, failures: [] })
  expect(reference).toMatchObject({ value: 40, errors: 2, failures: ['the subject ended'] })
})

test('without a baseline in the run there is no ratio', () => {
  const [node] = summarizeRow(row, entries.slice(2), new Map([['node', [{ value: 1, errors: 0 }]]])).lines
  expect(node).toMatchObject({ versusBare: null, versusReference: null })
})
