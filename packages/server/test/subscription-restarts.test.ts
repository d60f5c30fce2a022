import type { ChildProcess } from 'node:child_process'
import { WebhookReceiver } from './support/webhook-receiver.js'
import { control, report } from './support/control-client.js'
import { expect, onTestFinished, test } from 'vitest'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { verifyWebhook } from '../src/webhook.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

/** The server's command over one directory, which can be killed and started again. */
class Command {
  base = ''
  readonly #directory = mkdtempSync(join(tmpdir(), 'ds-wakes-'))
  #child: ChildProcess | null = null
  #port = '0'

  constructor() {
    onTestFinished(() => {
      this.#child?.kill('SIGKILL')
      rmSync(this.#directory, { recursive: true, force: true })
    })
  }

  async start(): Promise<void> {
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, [MAIN, '--port', this.#port, '--dir', this.#directory], {
      env: { PATH },
    })
    this.#child = child
    let out = ''
    const url = await new Promise<string>((resolve, reject) => {
      const read = (chunk: Buffer): void => {
        out += chunk.toString()
        const found = /on (http:\S+)\//.exec(out)?.[1]
        if (found !== undefined) resolve(found)
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', () => reject(new Error(out)))
    })
    this.base = url
    this.#port = new URL(url).port
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child!
    const exit = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
    child.kill(signal)
    return exit
  }
}

test('after kill -9 in the middle of a wake its lease runs out and the work is done, with the same keys', async () => {
  const command = new Command()
  await command.start()
  const receiver = await WebhookReceiver.start()
  receiver.answer = null
  const body = { type: 'webhook', pattern: 'e/*', webhook: { url: receiver.url }, lease_ttl_ms: 1_000 }
  const made = await control(command.base, 'PUT', '__ds/subscriptions/s', body)
  await control(command.base, 'PUT', 'e/a', [1])
  const first = await receiver.wake(1)
  await command.end('SIGKILL')
  receiver.answer = { status: 200, body: '{}' }
  await command.start()
  const confirmed = await control(command.base, 'PUT', '__ds/subscriptions/s', body)
  expect(confirmed.status).toBe(200)
  expect(confirmed.json['webhook']).toEqual(made.json['webhook'])
  expect(confirmed.json['streams']).toMatchObject([{ path: 'e/a', acked_offset: '-1' }])
  const second = await receiver.wake(2)
  expect(second.event.generation).toBe(first.event.generation + 1)
  await verifyWebhook(second.toRequest(), { jwksUrl: `${command.base}/__ds/jwks.json` })
  const call = (wake: typeof first): ReturnType<typeof control> =>
    control(
      command.base,
      'POST',
      '__ds/subscriptions/s/callback',
      ...report(wake.event, wake.event.callback_token, {
        acks: [{ stream: 'e/a', offset: wake.event.streams[0]!.tail_offset }],
      }),
    )
  expect((await call(first)).code).toBe('FENCED')
  expect((await call(second)).json).toEqual({ ok: true, next_wake: false })
}, 30_000)

test('a claim survives kill -9: its token is good, its lease holds, and nothing is lost or done twice', async () => {
  const command = new Command()
  await command.start()
  await control(command.base, 'PUT', 'wake', [])
  const body = { type: 'pull-wake', pattern: 'e/*', wake_stream: 'wake', lease_ttl_ms: 60_000 }
  await control(command.base, 'PUT', '__ds/subscriptions/p', body)
  await control(command.base, 'PUT', 'e/a', [1])
  const claim = await control(command.base, 'POST', '__ds/subscriptions/p/claim', { worker: 'w' })
  const wake = claim.json as {
    wake_id: string
    generation: number
    token: string
    streams: { tail_offset: string }[]
  }
  await control(command.base, 'DELETE', '__ds/subscriptions/gone')
  await command.end('SIGKILL')
  await command.start()
  expect((await control(command.base, 'POST', '__ds/subscriptions/p/claim', { worker: 'v' })).code).toBe(
    'ALREADY_CLAIMED',
  )
  const acks = [{ stream: 'e/a', offset: wake.streams[0]!.tail_offset }]
  const ack = await control(
    command.base,
    'POST',
    '__ds/subscriptions/p/ack',
    ...report(wake, wake.token, { acks }),
  )
  expect(ack.json).toEqual({ ok: true, next_wake: false })
  expect((await control(command.base, 'GET', 'wake')).json).toHaveLength(1)
  await control(command.base, 'POST', 'e/a', [2])
  const next = await control(command.base, 'POST', '__ds/subscriptions/p/claim', { worker: 'w' })
  expect(next.json['generation']).toBe(2)
  expect(await command.end('SIGTERM')).toBe(0)
}, 30_000)
