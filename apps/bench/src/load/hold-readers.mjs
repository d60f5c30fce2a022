import { DeliveryRounds } from './delivery-rounds.mjs'
import { formatRequest, HttpConnection, requireSuccess } from './http-connection.mjs'
import { openReaders } from './sse-reader.mjs'

/**
 * Opens SSE readers, delivers one message to all of them, and holds them open at the checkpoint `open`.
 * The checkpoint `before` comes after a small first group has come and gone.
 */
export async function holdReaders({ port, path, readers, warmUpReaders, body, marker }, checkpoint) {
  const headers = { 'Content-Type': 'application/json' }
  const writer = await HttpConnection.open(port)
  requireSuccess(await writer.request(formatRequest('PUT', path, headers)), 'PUT')
  const append = formatRequest('POST', path, headers, body)
  const deliverTo = async (count, name) => {
    const rounds = new DeliveryRounds(writer, append, count)
    const onMarkers = (found) => rounds.receive(found)
    const open = await openReaders({ port, path: `${path}?offset=now&live=sse`, marker, count, onMarkers })
    await rounds.run()
    if (name === 'before') open.close()
    await checkpoint(name)
    const errors = rounds.missing + (name === 'open' ? open.lost() : 0)
    open.close()
    return errors
  }
  const errors = (await deliverTo(warmUpReaders, 'before')) + (await deliverTo(readers, 'open'))
  writer.close()
  return { errors }
}
