import type { ServerCase } from '../server-case.js'
import { restartCases } from './4-restart.cases.js'
import { closureCases } from './4-1-closure.cases.js'
import { forkCreateCases } from './4-2-forks-create.cases.js'
import { forkExpiryCases } from './4-2-forks-expiry.cases.js'
import { forkIsolationCases } from './4-2-forks-isolation.cases.js'
import { forkLifecycleCases } from './4-2-forks-lifecycle.cases.js'
import { forkSubOffsetCases } from './4-2-forks-sub-offset.cases.js'
import { createCases } from './5-1-create.cases.js'
import { lifetimeCases } from './5-1-lifetime.cases.js'
import { slidingTtlCases } from './5-1-sliding-ttl.cases.js'
import { producerHeaderCases } from './5-2-1-producer-headers.cases.js'
import { producerCases } from './5-2-1-producers.cases.js'
import { producerClosingCases } from './5-2-1-producers-closing.cases.js'
import { producerConcurrencyCases } from './5-2-1-producers-concurrent.cases.js'
import { appendCases } from './5-2-append.cases.js'
import { appendClosingCases } from './5-2-append-closing.cases.js'
import { appendTransportCases } from './5-2-append-transport.cases.js'
import { closeCases } from './5-3-close.cases.js'
import { deleteCases } from './5-4-delete.cases.js'
import { metadataCases } from './5-5-metadata.cases.js'
import { catchUpCases } from './5-6-catch-up.cases.js'
import { longPollCases } from './5-7-long-poll.cases.js'
import { longPollForkCases } from './5-7-long-poll-forks.cases.js'
import { sseCases } from './5-8-sse.cases.js'
import { ssePayloadCases } from './5-8-sse-payload.cases.js'
import { sseTextCases } from './5-8-sse-text.cases.js'
import {
  subscriptionAddressingCases,
  subscriptionCreationCases,
  subscriptionRoutingCases,
} from './6-subscriptions.cases.js'
import {
  signingKeyCases,
  subscriptionMembershipCases,
  subscriptionReadingCases,
} from './6-subscription-resources.cases.js'
import { webhookCases } from './7-webhooks.cases.js'
import { pullWakeCases } from './7-pull-wake.cases.js'
import { fencingCases } from './7-3-fencing.cases.js'
import { nowCases } from './8-now.cases.js'
import { offsetCases } from './8-offsets.cases.js'
import { jsonCases } from './9-1-json.cases.js'
import { cursorCases } from './10-1-cursors.cases.js'
import { compressionCases } from './10-compression.cases.js'
import { cachingCases } from './10-caching.cases.js'
import { pathCases } from './12-2-paths.cases.js'
import { securityCases } from './12-security.cases.js'

/** All server cases, in the order of the specification. */
export const serverCases: readonly ServerCase[] = [
  ...restartCases,
  ...closureCases,
  ...forkCreateCases,
  ...forkSubOffsetCases,
  ...forkExpiryCases,
  ...forkIsolationCases,
  ...forkLifecycleCases,
  ...createCases,
  ...lifetimeCases,
  ...slidingTtlCases,
  ...appendCases,
  ...appendClosingCases,
  ...appendTransportCases,
  ...producerCases,
  ...producerHeaderCases,
  ...producerClosingCases,
  ...producerConcurrencyCases,
  ...closeCases,
  ...deleteCases,
  ...metadataCases,
  ...catchUpCases,
  ...longPollCases,
  ...longPollForkCases,
  ...sseCases,
  ...ssePayloadCases,
  ...sseTextCases,
  ...subscriptionRoutingCases,
  ...subscriptionAddressingCases,
  ...subscriptionCreationCases,
  ...subscriptionReadingCases,
  ...subscriptionMembershipCases,
  ...signingKeyCases,
  ...webhookCases,
  ...pullWakeCases,
  ...fencingCases,
  ...offsetCases,
  ...nowCases,
  ...jsonCases,
  ...cachingCases,
  ...compressionCases,
  ...cursorCases,
  ...securityCases,
  ...pathCases,
]
