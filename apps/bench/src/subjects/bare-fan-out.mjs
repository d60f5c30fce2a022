import { URLSearchParams } from 'node:url'

/**
 * On each POST writes the same bytes to every open SSE connection and answers every parked long-poll.
 * It keeps the last message only; the offset is the number of messages so far.
 */
export function fanOutEverything() {
  const state = { count: 0, last: Buffer.alloc(0), events: new Set(), polls: new Set() }
  return (request, response) => {
    const query = new URLSearchParams(request.url.split('?')[1])
    if (request.method === 'POST') receive(state, request, response)
    else if (query.get('live') === 'sse') openEvents(state, response)
    else if (query.get('live') === 'long-poll') park(state, query, response)
    else answerEmpty(state, request, response)
  }
}

function receive(state, request, response) {
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    state.count++
    state.last = Buffer.concat(chunks)
    const frame = Buffer.from(
      `event: data\ndata:[${state.last}]\n\n` +
        `event: control\ndata:{"streamNextOffset":"${state.count}","upToDate":true}\n\n`,
    )
    for (const open of state.events) open.write(frame)
    for (const poll of state.polls) answerPoll(state, poll)
    state.polls.clear()
    response.writeHead(204).end()
  })
}

function openEvents(state, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  response.write('event: control\ndata:{"upToDate":true}\n\n')
  state.events.add(response)
  response.on('close', () => state.events.delete(response))
}

function park(state, query, response) {
  if (query.get('offset') !== String(state.count)) {
    answerPoll(state, response)
    return
  }
  state.polls.add(response)
  response.on('close', () => state.polls.delete(response))
}

function answerPoll(state, response) {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': state.last.length,
    'stream-next-offset': String(state.count),
    'stream-up-to-date': 'true',
  })
  response.end(state.last)
}

function answerEmpty(state, request, response) {
  request.resume()
  request.on('end', () => response.writeHead(204, { 'stream-next-offset': String(state.count) }).end())
}
