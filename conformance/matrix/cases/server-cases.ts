import type { Binding, Subject } from '../subjects.js'
import type { Capability } from '@ds/conformance'
import { LONG_POLL_TIMEOUT_MS, RESTARTABLE, startSubject } from '../subjects.js'
import { selectedSections } from './selected-sections.js'
import { afterAll, beforeAll, test } from 'vitest'
import { runServerCases } from '@ds/conformance'

const CAPABILITIES: readonly Capability[] = ['compression', 'sse-recycle', 'body-limit', 'subscriptions']
const SSE_RECYCLE_MS = 1_500
const BODY_LIMIT_BYTES = 2 << 20

/** Registers our own server cases for one cell of the matrix; DS_SECTION narrows them to some sections. */
export function runCases(storeName: string, binding: Binding): void {
  let subject: Subject
  beforeAll(async () => {
    subject = await startSubject(storeName, binding, {
      sseRecycleMs: SSE_RECYCLE_MS,
      maxBodyBytes: BODY_LIMIT_BYTES,
    })
  })
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
