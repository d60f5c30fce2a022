import { connect } from 'node:net'
import { formatRequest } from './http-connection.mjs'
import { MarkerCounter } from './marker-counter.mjs'

const OPEN_LIMIT_MS = 20_000
const BATCH = 100

// Each callback has used the bytes when it returns, so all sockets can read into the same memory.
const sharedBuffer = Buffer.allocUnsafe(256 * 1024)

/** An SSE connection on a raw socket that only counts markers; resolves when the server has begun to answer. */
function openReader({ port, path, marker, onMarkers, onClose }) {
  const counter = new MarkerCounter(marker)
  return new Promise((resolve, reject) => {
    let isOpen = false
    const timer = setTimeout(() => socket.destroy(new Error('no answer to the SSE request')), OPEN_LIMIT_MS)
    const receive = (length, buffer) => {
      if (!isOpen) {
        isOpen = true
        clearTimeout(timer)
        const status = buffer.latin1Slice(9, 12)
        if (status === '200') resolve(socket)
        else reject(new Error(`the SSE request was answered ${status}`))
      }
      const found = counter.count(buffer, length)
      if (found > 0) onMarkers(found)
      return true
    }
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: { buffer: sharedBuffer, callback: receive },
    })
    socket.write(formatRequest('GET', path, { Accept: 'text/event-stream' }))
    socket.on('error', reject)
    socket.on('close', () => {
      reject(new Error('connection closed'))
      onClose()
    })
  })
}

/**
 * Opens `count` readers, a hundred at a time. `onMarkers(found)` is called for each receipt of any reader;
 * `lost()` is the number of readers whose connection has ended.
 */
export async function openReaders({ count, ...options }) {
  let lost = 0
  const sockets = []
  const onClose = () => lost++
  while (sockets.length < count) {
    const batch = Math.min(BATCH, count - sockets.length)
    const opened = await Promise.all(Array.from({ length: batch }, () => openReader({ ...options, onClose })))
    sockets.push(...opened)
  }
  return {
    lost: () => lost,
    close: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}
