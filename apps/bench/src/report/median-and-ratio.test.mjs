import { expect, test } from 'vitest'
import { median, ratio, summarizeRow } from './median-and-ratio.mjs'
import { Samples } from './samples.mjs'

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

const samplesOf = (row, bySubject) => {
  const samples = new Samples()
  for (const [subject, list] of Object.entries(bySubject))
    for (const one of list) samples.add(row, subject, one)
  return samples
}

test('ratios divide by what the baselines had in the same turns', () => {
  const samples = samplesOf('append-1', {
    bare: [100, 50, 100].map((value) => ({ value, errors: 0 })),
    reference: [{ value: 40, errors: 2 }, { failed: 'the subject ended' }, { value: 80, errors: 0 }],
    node: [60, 40, 90].map((value) => ({ value, errors: 1 })),
  })
  const [, reference, node] = summarizeRow(row, entries, samples).lines
  expect(node).toMatchObject({ value: 60, errors: 3, versusBare: 0.8, versusReference: (1.5 + 1.125) / 2 })
  expect(node).toMatchObject({ versusOneStream: null, failures: [] })
  expect(reference).toMatchObject({ value: 60, errors: 2, failures: ['the subject ended'] })
})

test('rows with many streams are compared with one stream of the same subject', () => {
  const samples = samplesOf('append-1', { node: [100, 50].map((value) => ({ value, errors: 0 })) })
  for (const value of [90, 40]) samples.add('append-1000', 'node', { value, errors: 0 })
  const many = { ...row, name: 'append-1000', oneStreamRow: 'append-1' }
  const [node] = summarizeRow(many, entries.slice(2), samples).lines
  expect(node.versusOneStream).toBeCloseTo(0.85)
})

test('without a baseline in the run there is no ratio', () => {
  const samples = samplesOf('append-1', { node: [{ value: 1, errors: 0 }] })
  const [node] = summarizeRow(row, entries.slice(2), samples).lines
  expect(node).toMatchObject({ versusBare: null, versusReference: null })
})
