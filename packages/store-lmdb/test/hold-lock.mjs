import { open } from 'lmdb'

/** Holds the one write lock of an environment for a while, as another process may. */
const [directory, ms] = process.argv.slice(2)
const env = open({ path: directory, noSubdir: false, pageSize: 8192, overlappingSync: false })
env.transactionSync(() => {
  console.log('held')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms))
})
await env.close()
