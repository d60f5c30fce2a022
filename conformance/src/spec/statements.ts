import { cachingStatements } from './section-10.js'
import { securityStatements } from './section-11.js'
import { modelStatements } from './section-4.js'
import { forkStatements } from './section-4-2.js'
import { createStatements } from './section-5-1.js'
import { appendStatements, producerStatements } from './section-5-2.js'
import { streamStatements } from './section-5-3.js'
import { longPollStatements, sseStatements } from './section-5-7.js'
import { subscriptionStatements } from './section-6.js'
import { deliveryStatements } from './section-7.js'
import { offsetStatements } from './section-8.js'
import { contentStatements } from './section-9.js'
import { compareSections } from './sections.js'
import type { Statement } from './statement.js'

/** What PROTOCOL.md says in its sections 3 to 12, in its order. */
export const statements: readonly Statement[] = [
  ...modelStatements,
  ...forkStatements,
  ...createStatements,
  ...appendStatements,
  ...producerStatements,
  ...streamStatements,
  ...longPollStatements,
  ...sseStatements,
  ...subscriptionStatements,
  ...deliveryStatements,
  ...offsetStatements,
  ...contentStatements,
  ...cachingStatements,
  ...securityStatements,
].sort((left, right) => compareSections(left.section, right.section))
