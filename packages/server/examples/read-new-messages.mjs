/** All JSON messages of a stream after an offset, and the offset after the last of them. */
export async function readNewMessages(rootUrl, path, offset) {
  const streamUrl = `${rootUrl}/${path.split('/').map(encodeURIComponent).join('/')}`
  const messages = []
  for (let next = offset; ;) {
    const response = await fetch(`${streamUrl}?offset=${next}`)
    if (!response.ok) throw new Error(`${streamUrl} answered ${response.status}`)
    messages.push(...(await response.json()))
    next = response.headers.get('stream-next-offset')
    if (response.headers.get('stream-up-to-date') === 'true') return { messages, offset: next }
  }
}
