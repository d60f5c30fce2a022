import type { StreamRecord } from '@ds/core'

/**
 * What most records say. It is left out of the stored form, which is a third of the size then. Part of the stored form:
 * nothing in it ever changes, and what is not in it is always written.
 */
const USUAL: Partial<StreamRecord> = {
  state: 'live',
  start: 0,
  base: 0,
  closed: false,
  closedBy: null,
  lastStreamSeq: null,
  expiry: { kind: 'never' },
  lineage: [],
  origin: null,
  forkDepth: 0,
  forkCount: 0,
  pendingForks: [],
  producerCount: 0,
  unsettledSince: null,
}

/** A record as it is stored, but for its tail, which changes far more often than the rest. */
export function writeRecord(record: StreamRecord): string {
  const unusual: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(record) as [keyof StreamRecord, unknown][]) {
    if (key !== 'tail' && !isUsual(key, value)) unusual[key] = value
  }
  return JSON.stringify(unusual)
}

/** The record of a stored form and its tail. */
export function readRecord(text: string, tail: number): StreamRecord {
  return { ...USUAL, ...(JSON.parse(text) as StreamRecord), tail }
}

function isUsual(key: keyof StreamRecord, value: unknown): boolean {
  const usual = USUAL[key]
  if (value === usual) return usual !== undefined
  if (key === 'expiry') return (value as StreamRecord['expiry']).kind === 'never'
  return Array.isArray(usual) && Array.isArray(value) && value.length === 0
}
