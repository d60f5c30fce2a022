import { BUCKETS, BUCKET_SLOTS, BUCKET_TAGS, bucketOf } from './buckets.js'
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'

it('every bucket has a tag of its own, and its share of the slots', () => {
  expect(new Set(BUCKET_TAGS).size).toBe(BUCKETS)
  BUCKET_SLOTS.forEach((slot, bucket) => expect(Math.floor(slot / 64)).toBe(bucket))
})

it('the stored form has not changed: the same tags, and the same bucket for a path', () => {
  expect(createHash('sha256').update(BUCKET_TAGS.join(' ')).digest('hex').slice(0, 16)).toBe(
    '12ae1f7b98291a57',
  )
  expect(['', 'a', 'jobs/42', '\u{1f600}'].map(bucketOf)).toEqual([252, 52, 214, 219])
})

it('paths that differ little are spread evenly', () => {
  const counts = new Array<number>(BUCKETS).fill(0)
  for (let i = 0; i < 25_600; i++) counts[bucketOf(`sessions/${i}`)]!++
  expect(Math.max(...counts)).toBeLessThan(160)
  expect(Math.min(...counts)).toBeGreaterThan(50)
})
