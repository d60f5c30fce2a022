import { BINDINGS, dial, serve } from './support/running-server.js'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'

const CONNECT = 'CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n'
const REFUSED = {
  CONNECT: CONNECT,
  'no HTTP': 'RUBBISH\r\n\r\n',
  'a head that is too large': `GET / HTTP/1.1\r\nHost: a\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`,
} as const

describe.each(BINDINGS)('refused connections, %s binding', (binding) => {
  test.each(['', 'x'.repeat(200_000)])('a CONNECT that is cut off harms nobody', async (rest) => {
    const running = await serve({ binding })
    for (const delayMs of [0, 0, 1, 2, 5, 20]) {
      const connection = await dial(running)
      connection.send(CONNECT + rest)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      connection.socket.resetAndDestroy()
      await connection.closed
    }
    expect((await fetch(`${running.base}/s`, { method: 'PUT' })).status).toBe(201)
  })

  test.each(Object.entries(REFUSED))(
    '%s: the connection is let go of although the client keeps its side open',
    async (_, bytes) => {
      const running = await serve({ binding })
      const socket = connect({ port: running.port, host: '127.0.0.1', allowHalfOpen: true })
      const gone = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
      socket.resume().write(bytes)
      await new Promise((resolve) => socket.once('end', resolve))
      expect(socket.bytesRead).toBeGreaterThan(0)
      // Only a connection that the server has forgotten refuses what is sent to it.
      const sending = setInterval(() => socket.write('x'), 50)
      onTestFinished(() => {
        clearInterval(sending)
        socket.destroy()
      })
      expect(['EPIPE', 'ECONNRESET']).toContain((await gone).code)
    },
  )
})
