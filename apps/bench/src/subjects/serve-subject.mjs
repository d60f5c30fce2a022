/** What the parent wants this subject to be: JSON in the first argument. */
export function readSettings() {
  return JSON.parse(process.argv[2] ?? '{}')
}

/**
 * Reports the port to the parent, answers its questions about memory, and never outlives it. A subject that can be
 * started again on what it has stored gives what stops it.
 */
export function serveSubject(port, stop = () => Promise.resolve()) {
  process.on('message', (message) => {
    if (message.type === 'memory') void reportMemory()
    if (message.type === 'stop') void stop().finally(() => process.exit(0))
  })
  process.on('disconnect', () => process.exit(0))
  process.send({ type: 'ready', port })
}

async function reportMemory() {
  // Several collections with turns of the event loop between them: finalizers and freed sockets need both.
  for (let round = 0; round < 4; round++) {
    globalThis.gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  process.send({ type: 'memory', usage: process.memoryUsage() })
}
