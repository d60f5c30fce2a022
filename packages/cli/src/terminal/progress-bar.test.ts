import { describe, expect, test } from 'vitest'
import { ProgressBar } from './progress-bar.js'

function start(total: number | null): { bar: ProgressBar; at: (ms: number) => void; lines: string[] } {
  let now = 0
  const lines: string[] = []
  const bar = new ProgressBar(total, { write: (text) => lines.push(text), now: () => now })
  return { bar, lines, at: (ms) => (now = ms) }
}

describe('ProgressBar', () => {
  test('shows share, amount, rate and what is left', () => {
    const { bar, at, lines } = start(4_194_304)
    at(1_000)
    bar.update(1_048_576)
    expect(lines).toEqual([
      '\r\u001B[K[######..................] 25%  1.0 MiB of 4.0 MiB  1.0 MiB/s  3 s left',
    ])
  })

  test('without a total shows amount and rate', () => {
    const { bar, at, lines } = start(null)
    at(2_000)
    bar.update(1_024)
    expect(lines).toEqual(['\r\u001B[K1.0 KiB  512 B/s'])
  })

  test('draws at most ten times a second, and nothing for what is quick', () => {
    const { bar, at, lines } = start(100)
    at(50)
    bar.update(50)
    bar.clear()
    expect(lines).toEqual([])
    at(150)
    bar.update(60)
    at(200)
    bar.update(70)
    bar.clear()
    expect(lines.length).toBe(2)
    expect(lines[1]).toBe('\r\u001B[K')
  })
})
