import type { StoreCase } from '../store-case.js'
import { capabilityCases } from './capabilities.cases.js'
import { closeCases } from './close.cases.js'
import { commitCases } from './commit.cases.js'
import { concurrentCases } from './concurrent.cases.js'
import { dueCases } from './due.cases.js'
import { entryCases } from './entries.cases.js'
import { fullCases } from './full.cases.js'
import { incarnationCases } from './incarnations.cases.js'
import { listCases } from './list.cases.js'
import { loadCases } from './load.cases.js'
import { nodeCases } from './nodes.cases.js'
import { randomCases } from './random.cases.js'
import { readCases } from './read.cases.js'
import { reopenCases } from './reopen.cases.js'
import { touchCases } from './touch.cases.js'
import { unknownCases } from './unknown.cases.js'
import { watchCases } from './watch.cases.js'

/** Every store case, in the order in which a store is best built. */
export const storeCases: readonly StoreCase[] = [
  ...capabilityCases,
  ...loadCases,
  ...commitCases,
  ...entryCases,
  ...incarnationCases,
  ...readCases,
  ...watchCases,
  ...touchCases,
  ...listCases,
  ...dueCases,
  ...concurrentCases,
  ...randomCases,
  ...reopenCases,
  ...closeCases,
  ...fullCases,
  ...unknownCases,
  ...nodeCases,
]
