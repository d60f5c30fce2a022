import autocannon from 'autocannon'

/** The same plan as wrk-requests.lua, for machines without wrk. */
export async function loadWithAutocannon({ port, plan, seconds }) {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections: plan.connections,
    duration: seconds,
    timeout: 5,
    setupClient: requestSetups[plan.kind](plan),
  })
  const succeeded = result['2xx']
  return {
    requestsPerSecond: succeeded / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    errors: result.non2xx + result.errors,
  }
}

// autocannon leaves Host to whoever builds a request.
const HOST = '127.0.0.1'

// For each kind of plan: what to do with each new connection.
const requestSetups = {
  append: ({ prefix, count, contentType, body }) => {
    const headers = { Host: HOST, 'Content-Type': contentType }
    const next = counter(count)
    return sendRequests(() => ({ method: 'POST', path: `${prefix}${next()}`, headers, body }))
  },
  create: ({ prefix, contentType, tag }) => {
    const headers = { Host: HOST, 'Content-Type': contentType, 'Content-Length': '0' }
    const next = counter(Infinity)
    return sendRequests(() => ({ method: 'PUT', path: `${prefix}${tag}-${next()}`, headers, body: '' }))
  },
  producer: ({ prefix, contentType, tag, body }) => {
    const nextProducer = counter(Infinity)
    return (client) => {
      const nextSeq = counter(Infinity)
      const producer = { Host: HOST, 'Content-Type': contentType, 'Producer-Id': `${tag}-${nextProducer()}` }
      const sendAll = sendRequests(() => {
        const headers = { ...producer, 'Producer-Epoch': '0', 'Producer-Seq': String(nextSeq()) }
        return { method: 'POST', path: `${prefix}0`, headers, body }
      })
      sendAll(client)
    }
  },
}

function sendRequests(nextRequest) {
  return (client) => client.setRequests([{ setupRequest: nextRequest }])
}

function counter(limit) {
  let n = -1
  return () => {
    n = n + 1 === limit ? 0 : n + 1
    return n
  }
}
