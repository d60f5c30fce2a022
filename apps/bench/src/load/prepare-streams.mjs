import { formatRequest, HttpConnection, requireSuccess } from './http-connection.mjs'

const CONNECTIONS = 16

/** Creates `${prefix}0` to `${prefix}${count - 1}`, each with the same first content. */
export async function createStreams({ port, prefix, count, contentType, body }) {
  let next = 0
  const work = async (connection) => {
    while (next < count) {
      const request = formatRequest('PUT', `${prefix}${next++}`, { 'Content-Type': contentType }, body)
      requireSuccess(await connection.request(request), 'PUT')
    }
  }
  await onConnections(port, Math.min(CONNECTIONS, count), work)
}

/** Creates one stream and appends `body` to it `times` times. */
export async function fillStream({ port, path, contentType, body, times }) {
  const headers = { 'Content-Type': contentType }
  const append = formatRequest('POST', path, headers, body)
  await onConnections(port, 1, async (connection) => {
    requireSuccess(await connection.request(formatRequest('PUT', path, headers)), 'PUT')
    for (let n = 0; n < times; n++) requireSuccess(await connection.request(append), 'POST')
  })
}

async function onConnections(port, count, work) {
  const open = Array.from({ length: count }, () => HttpConnection.open(port))
  const connections = await Promise.all(open)
  try {
    await Promise.all(connections.map(work))
  } finally {
    for (const connection of connections) connection.close()
  }
}
