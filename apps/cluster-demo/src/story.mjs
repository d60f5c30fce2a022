import { DurableStream, IdempotentProducer, stream } from '@ds/client'

/**
 * What happens in the demo: a producer writes through nginx, a tail follows through nginx, a second reader is served
 * from nginx's cache, and a node is killed meanwhile. Returns what was seen.
 */
export async function tellStory(cluster, { messages, pauseMs, say, signal }) {
  const url = `${cluster.url}/v1/stream/demo/words`
  const handle = await DurableStream.create({ url, contentType: 'application/json' })
  say(`created ${url}`)
  const seen = []
  const tail = await stream({ url, offset: '-1', live: 'sse', signal })
  const following = (async () => {
    for await (const item of tail.jsonStream()) {
      seen.push(item.n)
      say(`  tail received ${item.n}`)
      if (seen.length === messages) return
    }
  })()
  const producer = new IdempotentProducer(handle, 'demo', { autoClaim: true })
  for (let n = 0; n < messages; n++) {
    producer.append(JSON.stringify({ n, at: new Date().toISOString() }))
    await producer.flush()
    say(`appended ${n}`)
    if (n === Math.floor(messages / 2)) {
      await cluster.kill(cluster.nodes[0])
      say(`killed the node at ${cluster.nodes[0].url}; the others go on`)
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  await following
  await producer.detach()
  const reads = []
  for (let i = 0; i < 3; i++) reads.push(await readOnce(url, say))
  return { seen, reads }
}

/** A catch-up read from the start; nginx says where it came from. */
async function readOnce(url, say) {
  const response = await fetch(`${url}?offset=-1`)
  const items = await response.json()
  const cache = response.headers.get('x-cache')
  say(
    `read ${items.length} messages from the start: ${cache === 'HIT' ? 'from the cache' : `by ${response.headers.get('x-node')}`}`,
  )
  return { count: items.length, cache }
}
