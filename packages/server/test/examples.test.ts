import type { RunningServer } from './support/running-server.js'
import { control } from './support/control-client.js'
import { eventually, serve } from './support/running-server.js'
import { expect, onTestFinished, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { spawn } from 'node:child_process'

/** Runs an example beside a server; resolves, with what it prints from then on, when it is ready. */
async function run(running: RunningServer, name: string, ready: string): Promise<() => string[]> {
  const file = fileURLToPath(new URL(`../examples/${name}.mjs`, import.meta.url))
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [file], { env: { PATH, STREAMS_URL: running.base } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await eventually(() => text.includes(ready), `"${ready}" in ${name}`)
  return () => text.trim().split('\n').slice(1)
}

test('the webhook worker is woken, verifies the wake and reads what is new', async () => {
  const running = await serve({ subscriptions: { webhooks: { development: true } } })
  const lines = await run(running, 'webhook-worker', 'listening on')
  await control(running.base, 'PUT', 'jobs/é', [{ n: 1 }, { n: 2 }])
  await eventually(() => lines().length >= 2, 'the first messages')
  await control(running.base, 'POST', 'jobs/é', { n: 3 })
  await eventually(() => lines().length >= 3, 'the next message')
  expect(lines()).toEqual(['jobs/é: {"n":1}', 'jobs/é: {"n":2}', 'jobs/é: {"n":3}'])
})

test('the pool shares the work, and none is left', async () => {
  const running = await serve()
  const lines = await run(running, 'pull-wake-pool', 'workers wait')
  const expected: string[] = []
  for (let i = 0; i < 12; i++) {
    await control(running.base, i < 4 ? 'PUT' : 'POST', `tasks/${i % 4}`, [{ n: i }])
    expected.push(`tasks/${i % 4}: {"n":${i}}`)
  }
  await eventually(() => lines().length >= expected.length, 'all messages')
  expect(
    lines()
      .map((line) => line.replace(/^worker-\d /, ''))
      .sort(),
  ).toEqual(expected.sort())
})
