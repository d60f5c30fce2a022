import { startCluster } from './cluster.mjs'
import { tellStory } from './story.mjs'

const isCheck = process.argv.includes('--check')
const messages = isCheck ? 12 : 40
const stopping = new AbortController()

const cluster = await startCluster()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, async () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    await cluster.stop()
    console.log('stopped')
    process.exit(0)
  })
}
console.log(`Redis     ${cluster.redis.url}`)
for (const { url } of cluster.nodes) console.log(`node      ${url}`)
console.log(`nginx     ${cluster.url}\n`)

const { seen, reads } = await tellStory(cluster, {
  messages,
  pauseMs: isCheck ? 20 : 250,
  say: (line) => console.log(line),
  signal: stopping.signal,
}).catch(async (error) => {
  // After Ctrl-C everything fails, and the process is about to end.
  if (stopping.signal.aborted) return new Promise(() => undefined)
  await cluster.stop()
  throw error
})
const isInOrder = seen.length === messages && seen.every((n, i) => n === i)
const isCached = reads.some(({ cache }) => cache === 'HIT')
const isWhole = reads.every(({ count }) => count === messages)
console.log(
  `\n${seen.length} messages through the tail, ${isInOrder ? 'each once and in order' : 'NOT as written'}`,
)
console.log(`caught up three times, ${isCached ? 'from the cache when it could be' : 'NEVER from the cache'}`)

if (isCheck) {
  stopping.abort()
  await cluster.stop()
  const isWell = isInOrder && isCached && isWhole
  console.log(isWell ? 'ok' : 'FAILED')
  process.exit(isWell ? 0 : 1)
}
console.log(`\nIt keeps running; Ctrl-C ends it. Try:
  curl -N '${cluster.url}/v1/stream/demo/words?offset=-1&live=sse'
  curl ${cluster.nodes[1].url}/health`)
