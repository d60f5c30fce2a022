import { formatRequest, HttpConnection, requireSuccess } from './http-connection.mjs'
import { MarkerCounter } from './marker-counter.mjs'

/**
 * Reads a stream from its start to its tail, page after page, again and again on several connections.
 * One pass before the measurement counts bytes and markers, so that a fast wrong answer is an error.
 */
export async function readStream({ port, path, connections, seconds, warmUpMs, expected }) {
  const checker = await HttpConnection.open(port)
  await checkOnePass(checker, path, expected)
  checker.close()
  const window = { startsAt: performance.now() + warmUpMs, bytes: 0, pages: 0, pageBytes: 0 }
  window.endsAt = window.startsAt + seconds * 1000
  const readers = await Promise.all(Array.from({ length: connections }, () => HttpConnection.open(port)))
  await Promise.all(readers.map((connection) => readUntilEnd(connection, path, window)))
  for (const connection of readers) connection.close()
  return {
    bytesPerSecond: window.bytes / seconds,
    pageBytes: window.pageBytes / window.pages,
    pages: window.pages,
    errors: 0,
  }
}

async function checkOnePass(connection, path, { bytes, marker, markers }) {
  const counter = marker === null ? null : new MarkerCounter(marker)
  let found = 0
  const onBody = counter === null ? undefined : (piece) => (found += counter.count(piece))
  let read = 0
  for await (const page of readPages(connection, path, onBody)) read += page.bodyBytes
  if (read < bytes) throw new Error(`a full read gave ${read} bytes instead of ${bytes}`)
  if (found !== markers) throw new Error(`a full read gave ${found} messages instead of ${markers}`)
}

/** Counts the body bytes that arrive within the window, also those of pages that cross its edges. */
async function readUntilEnd(connection, path, window) {
  const onBody = (piece) => {
    const now = performance.now()
    if (now >= window.startsAt && now < window.endsAt) window.bytes += piece.length
  }
  while (performance.now() < window.endsAt) {
    for await (const page of readPages(connection, path, onBody)) {
      window.pages++
      window.pageBytes += page.bodyBytes
      if (performance.now() >= window.endsAt) break
    }
  }
}

async function* readPages(connection, path, onBody) {
  let offset = '-1'
  for (;;) {
    const request = formatRequest('GET', `${path}?offset=${offset}`)
    const page = requireSuccess(await connection.request(request, onBody), 'GET')
    yield page
    if (page.headers['stream-up-to-date'] === 'true') return
    if (page.headers['stream-next-offset'] === offset) throw new Error(`no progress at offset ${offset}`)
    offset = page.headers['stream-next-offset']
  }
}
