import type { StreamRecord } from '@ds/core'
import { expect, it } from 'vitest'
import { overwriteRecord } from './overwrite-record.js'
import { recordOf } from '../test/changes.js'

it('a record that was overwritten equals the other in every field', () => {
  const kept = recordOf()
  const fields = Object.keys(kept).map((key) => [key, `another ${key}`])
  const other = Object.fromEntries(fields) as unknown as StreamRecord
  overwriteRecord(kept, other)
  expect(kept).toEqual(other)
})
