import type { CaseReport } from '../../src/report/run-report.js'
import { expect, test } from 'vitest'
import { ServerWatch } from '../../src/command/server-watch.js'

const failed: CaseReport = {
  id: '1/a',
  section: '1',
  level: 'MUST',
  title: 'a',
  verdict: 'failed',
  durationMs: 1,
}

test('a server that does not answer twice has gone, and the question is waited for', async () => {
  let asked = 0
  const watch = new ServerWatch(new AbortController().signal, () => Promise.resolve(++asked > 2))
  watch.note(failed)
  watch.note({ ...failed, id: '1/b' })
  expect(watch.hasGone).toBe(false)
  await watch.settled()
  expect([asked, watch.hasGone, watch.lastCase, watch.signal.aborted]).toEqual([2, true, '1/a', true])
})

test('a server that answers is not suspected any more until the next failure', async () => {
  let asked = 0
  const watch = new ServerWatch(new AbortController().signal, () => Promise.resolve(++asked !== 1))
  for (const expected of [2, 3]) {
    watch.note(failed)
    await watch.settled()
    expect([asked, watch.hasGone]).toEqual([expected, false])
  }
})

test('a run that the user stops says nothing about the server', async () => {
  const user = new AbortController()
  const watch = new ServerWatch(user.signal, () => Promise.resolve(false))
  watch.note(failed)
  user.abort()
  await watch.settled()
  expect(watch.hasGone).toBe(false)
})
