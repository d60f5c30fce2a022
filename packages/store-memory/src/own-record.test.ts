import type { StreamRecord } from '@ds/core'
import { expect, it } from 'vitest'
import { copyKnownFields, hasUnknownFields, overwriteRecord } from './own-record.js'
import { recordOf } from '../test/changes.js'

/** A record in which no field is what it is in any other. */
function anotherRecord(): StreamRecord {
  const fields = Object.keys(recordOf()).map((key) => [key, `another ${key}`] as const)
  return Object.fromEntries(fields) as unknown as StreamRecord
}

it('a record that was overwritten equals the other in every field', () => {
  const kept = recordOf()
  overwriteRecord(kept, anotherRecord())
  expect(kept).toEqual(anotherRecord())
})

it('a copy has every field, and is an object of its own', () => {
  const record = anotherRecord()
  expect(copyKnownFields(record)).toEqual(record)
  expect(copyKnownFields(record)).not.toBe(record)
})

it('fields of a later version are noticed', () => {
  expect(hasUnknownFields(anotherRecord())).toBe(false)
  expect(hasUnknownFields({ ...anotherRecord(), ofLater: 1 } as StreamRecord)).toBe(true)
})
