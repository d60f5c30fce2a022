import type { ClientCase } from '../client-case.js'
import { followingCases } from './following.cases.js'
import { producingCases } from './producing.cases.js'
import { readingCases } from './reading.cases.js'
import { retryingCases } from './retrying.cases.js'
import { sseFaultCases } from './sse-faults.cases.js'
import { writingCases } from './writing.cases.js'

/** All client cases: those for any server first. */
export const clientCases: readonly ClientCase[] = [
  ...writingCases,
  ...readingCases,
  ...producingCases,
  ...retryingCases,
  ...followingCases,
  ...sseFaultCases,
]
