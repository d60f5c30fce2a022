import type { Binding, Subject } from '../subjects.js'
import { LONG_POLL_TIMEOUT_MS, startSubject } from '../subjects.js'
import { afterAll, beforeAll, vi } from 'vitest'
import { runConformanceTests } from '@durable-streams/server-conformance-tests'

/**
 * Registers the official suite for one cell of the matrix. It is a second opinion beside our own cases: it calls
 * the global `fetch`, which is replaced by the subject's own: it may have no socket, or several servers.
 */
export function runOfficialSuite(storeName: string, binding: Binding): void {
  const options = { baseUrl: '', subscriptions: true, longPollTimeoutMs: LONG_POLL_TIMEOUT_MS }
  let subject: Subject
  beforeAll(async () => {
    subject = await startSubject(storeName, binding)
    options.baseUrl = subject.baseUrl
    vi.stubGlobal('fetch', subject.fetch)
  })
  afterAll(async () => {
    vi.unstubAllGlobals()
    await subject.stop()
  })
  runConformanceTests(options)
}
