import { expect, test } from 'vitest'
import { Latencies } from './latencies.js'

test('percentiles stay right when more was measured than is kept', () => {
  const latencies = new Latencies()
  for (let i = 0; i < 500_000; i++) latencies.add(i % 1_000)
  const { p50, p99, max } = latencies.summary()
  expect(latencies.count).toBe(500_000)
  expect(max).toBe(999)
  expect(Math.abs(p50 - 500)).toBeLessThan(5)
  expect(Math.abs(p99 - 990)).toBeLessThan(5)
})

test('nothing measured is all zero', () => {
  expect(new Latencies().summary()).toEqual({ p50: 0, p99: 0, max: 0 })
})
