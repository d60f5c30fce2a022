import type { RunningServer } from './support/running-server.js'
import {
  BINDINGS,
  append,
  createStream,
  dial,
  readAll,
  sendRaw,
  sendRequest,
  serve,
} from './support/running-server.js'
import { headerOf } from './support/wire-response.js'
import { checkError, listPaths } from './support/fuzz-world.js'
import { describe, expect, test } from 'vitest'
import { formatRequest } from './support/raw-connection.js'

const LIMIT = 10_000
const TEXT = { 'Content-Type': 'text/plain' }

async function answerLater(running: RunningServer): Promise<void> {
  for (let i = 0; i < 3; i++) await sendRequest(running, 'GET', '/health')
}

describe.each(BINDINGS)('uploads, %s binding', (binding) => {
  const start = async (): Promise<RunningServer> => {
    const running = await serve({ binding, maxBodyBytes: LIMIT, maxReceivingBytes: LIMIT })
    await createStream(running, 's', 'before')
    return running
  }
  const expectUntouched = async (running: RunningServer): Promise<void> => {
    expect((await readAll(running, 's')).toString()).toBe('before')
    expect(listPaths(running.store)).toEqual(['s'])
    // The whole allowance is free again.
    const chunked = formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Transfer-Encoding': 'chunked' })
    const connection = await dial(running)
    expect((await connection.send(`${chunked}1\r\n!\r\n0\r\n\r\n`).response()).status).toBe(204)
  }

  test('a body of the largest size is taken', async () => {
    const running = await start()
    expect(await append(running, 's', 'x'.repeat(LIMIT))).toBe(204)
    expect((await readAll(running, 's')).length).toBe(6 + LIMIT)
  })

  test.each(['POST', 'PUT'])(
    '%s of a body that is announced too large is refused with 413',
    async (method) => {
      const running = await start()
      const path = method === 'POST' ? '/v1/stream/s' : '/v1/stream/new'
      const response = await sendRequest(running, method, path, TEXT, 'x'.repeat(LIMIT + 1))
      expect(response.status).toBe(413)
      expect(checkError(response)).toBe('BODY_TOO_LARGE')
      await expectUntouched(running)
    },
  )

  test.each(['POST', 'PUT'])(
    '%s of a chunked body that grows too large is refused with 413',
    async (method) => {
      const running = await start()
      const path = method === 'POST' ? '/v1/stream/s' : '/v1/stream/new'
      const connection = await dial(running)
      connection.send(formatRequest(method, path, { ...TEXT, 'Transfer-Encoding': 'chunked' }))
      for (let i = 0; i < 3; i++) connection.send(`1000\r\n${'x'.repeat(0x1000)}\r\n`)
      const response = await connection.response()
      expect(checkError(response)).toBe('BODY_TOO_LARGE')
      await expectUntouched(running)
    },
  )

  test.each(['POST', 'PUT'])(
    '%s of a body in a coding that readers would not know is refused',
    async (method) => {
      const running = await start()
      const path = method === 'POST' ? '/v1/stream/s' : '/v1/stream/new'
      for (const encoding of ['gzip', 'br', 'identity, gzip', 'aes128gcm']) {
        const response = await sendRequest(
          running,
          method,
          path,
          { ...TEXT, 'Content-Encoding': encoding },
          'abc',
        )
        expect([checkError(response), response.status]).toEqual(['UNSUPPORTED_ENCODING', 415])
        expect(headerOf(response, 'accept-encoding')).toBe('identity')
      }
      const headers = { ...TEXT, 'Transfer-Encoding': 'gzip, chunked' }
      const response = await sendRaw(running, `${formatRequest(method, path, headers)}3\r\nabc\r\n0\r\n\r\n`)
      expect(checkError(response)).toBe('UNSUPPORTED_ENCODING')
      await expectUntouched(running)
    },
  )

  test('a body whose coding is identity is a body without one', async () => {
    const running = await start()
    const headers = { ...TEXT, 'Content-Encoding': 'Identity', 'Transfer-Encoding': 'Chunked' }
    const request = `${formatRequest('POST', '/v1/stream/s', headers)}3\r\nabc\r\n0\r\n\r\n`
    expect((await sendRaw(running, request)).status).toBe(204)
  })

  test('a client that goes on sending a body that was refused still gets the answer', async () => {
    const running = await start()
    const connection = await dial(running)
    connection.send(formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': String(4 << 20) }))
    connection.send('x'.repeat(4 << 20))
    expect(checkError(await connection.response())).toBe('BODY_TOO_LARGE')
    await expectUntouched(running)
  })

  test('a body that is too large is refused before it is sent when the client asks first', async () => {
    const running = await start()
    const connection = await dial(running)
    const headers = { ...TEXT, 'Content-Length': String(LIMIT + 1), Expect: '100-continue' }
    connection.send(formatRequest('POST', '/v1/stream/s', headers))
    await connection.response()
    expect(connection.parse().responses.map(({ status }) => status)).toEqual([413])
    await expectUntouched(running)
  })

  test.each([
    ['announced', { 'Content-Length': '3' }, 'abc'],
    ['chunked', { 'Transfer-Encoding': 'chunked' }, '3\r\nabc\r\n0\r\n\r\n'],
  ])('a client that asks first is told to go on with a body that is %s', async (_kind, length, body) => {
    const running = await start()
    const connection = await dial(running)
    connection.send(formatRequest('POST', '/v1/stream/s', { ...TEXT, ...length, Expect: '100-continue' }))
    const statuses = (): number[] => connection.parse().responses.map(({ status }) => status)
    await connection.until(() => statuses().length > 0, 'the interim response')
    expect(statuses()).toEqual([100])
    await connection.send(body).response()
    expect(statuses()).toEqual([100, 204])
    expect((await readAll(running, 's')).toString()).toBe('beforeabc')
  })

  test('what else a client may expect does not matter', async () => {
    const running = await start()
    const response = await sendRequest(
      running,
      'POST',
      '/v1/stream/s',
      { ...TEXT, Expect: 'the-best' },
      'abc',
    )
    expect(response.status).toBe(204)
  })

  test.each([
    ['announced', { 'Content-Length': '100' }, 'half of it'],
    ['chunked', { 'Transfer-Encoding': 'chunked' }, '5\r\nwhole\r\n'],
    ['announced and not begun', { 'Content-Length': '100' }, ''],
  ])('an upload that is cut off leaves nothing: %s', async (_kind, length, part) => {
    const running = await start()
    for (const [method, path] of [
      ['POST', 's'],
      ['PUT', 'new'],
    ] as const) {
      for (const leave of ['destroy', 'finish'] as const) {
        const connection = await dial(running)
        connection.send(formatRequest(method, `/v1/stream/${path}`, { ...TEXT, ...length }) + part)
        await answerLater(running)
        await connection[leave]()
        await connection.closed
      }
    }
    await answerLater(running)
    await expectUntouched(running)
  })

  test('a body that comes byte by byte is appended as one', async () => {
    const running = await start()
    const connection = await dial(running)
    const before = versionOf(running)
    const text = 'byte by byte'
    for (const byte of formatRequest('POST', '/v1/stream/s', TEXT, text)) {
      connection.send(byte)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await connection.response()).status).toBe(204)
    expect((await readAll(running, 's')).toString()).toBe(`before${text}`)
    expect(versionOf(running) - before).toBe(1)
  })

  test('a body whose connection ends or goes wrong right behind it is not counted for ever', async () => {
    const running = await start()
    const upload = formatRequest('POST', '/v1/stream/s', TEXT, 'x'.repeat(6_000))
    for (let i = 0; i < 5; i++) {
      const wrong = await dial(running)
      await wrong.send(`${upload}rubbish\r\n\r\n`).closed
      const ended = await dial(running)
      await ended.send(upload).finish()
      const broken = await dial(running)
      broken.send(upload).destroy()
      await broken.closed
    }
    expect(await append(running, 's', 'y'.repeat(LIMIT))).toBe(204)
  })

  test('bytes after the announced end are no part of the body', async () => {
    const running = await start()
    const connection = await dial(running)
    connection.send(
      `${formatRequest('POST', '/v1/stream/s', { ...TEXT, 'Content-Length': '3' })}abcdef\r\n\r\n`,
    )
    await connection.until(() => connection.isClosed, 'the end of the connection')
    expect((await readAll(running, 's')).toString()).toBe('beforeabc')
  })
})

/** How many commits a stream has seen; the memory store counts them. */
function versionOf(running: RunningServer): number {
  const loaded = running.store.load(listPaths(running.store)[0]!, []) as { version: number }
  return loaded.version
}
