import { expect, test } from 'vitest'
import { LatencyHistogram } from './latency-histogram.mjs'

test('percentiles are within two percent', () => {
  const latencies = new LatencyHistogram()
  for (let ms = 1; ms <= 1000; ms++) latencies.record(ms)
  for (const percent of [1, 50, 99]) {
    const exact = percent * 10
    expect(Math.abs(latencies.percentile(percent) - exact) / exact).toBeLessThanOrEqual(0.02)
  }
  expect(latencies.count).toBe(1000)
})

test('a receipt of several messages counts several times', () => {
  const latencies = new LatencyHistogram()
  latencies.record(1, 99)
  latencies.record(100)
  expect(latencies.percentile(99)).toBeLessThan(1.03)
  expect(latencies.percentile(100)).toBeGreaterThan(99)
})

test('nothing recorded has no percentile', () => {
  expect(new LatencyHistogram().percentile(50)).toBeNull()
})
