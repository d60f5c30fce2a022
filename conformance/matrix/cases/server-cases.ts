import type { Binding, Subject } from '../subjects.js'
import type { Capability } from '@ds/conformance'
import { RESTARTABLE, startSubject } from '../subjects.js'
import { selectedSections } from './selected-sections.js'
import { afterAll, beforeAll, test } from 'vitest'
import { runServerCases } from '@ds/conformance'

const CAPABILITIES: readonly Capability[] = ['compression', 'sse-recycle', 'body-limit', 'subscriptions']
const SSE_RECYCLE_MS = 1_500
/** Long enough to tell an answer that was woken from one that timed out, also on a busy machine. */
const LONG_POLL_TIMEOUT_MS = 1_500
const BODY_LIMIT_BYTES = 2 << 20
/** Some stores bring servers of their own. */
const START_LIMIT_MS = 60_000

const LIMITS = {
  longPollTimeoutMs: LONG_POLL_TIMEOUT_MS,
  sseRecycleMs: SSE_RECYCLE_MS,
  maxBodyBytes: BODY_LIMIT_BYTES,
}

/** Registers our own server cases for one cell of the matrix; DS_SECTION narrows them to some sections. */
export function runCases(storeName: string, binding: Binding): void {
  let subject: Subject
  beforeAll(async () => {
    subject = await startSubject(storeName, binding, LIMITS)
  }, START_LIMIT_MS)
  afterAll(() => subject.stop())
  runServerCases({
    test,
    baseUrl: () => subject.baseUrl,
    fetch: (input, init) => subject.fetch(input, init),
    longPollTimeoutMs: LONG_POLL_TIMEOUT_MS,
    sseRecycleMs: SSE_RECYCLE_MS,
    bodyLimitBytes: BODY_LIMIT_BYTES,
    restart: () => subject.restart?.() ?? Promise.reject(new Error(`the ${storeName} store has no reopen`)),
    capabilities: [
      ...CAPABILITIES,
      ...(binding === 'fetch' ? [] : (['socket'] as const)),
      ...(RESTARTABLE.includes(storeName) ? (['restart'] as const) : []),
    ],
    ...selectedSections(),
  })
}
