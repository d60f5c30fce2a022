import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { promisify } from 'node:util'

const BYTES = 100
const ROOM = 8 * 2 ** 20
const writeAt = promisify(write)
const sync = promisify(fdatasync)

/** What the disk itself can do, one after the other: no server that answers after each sync can do more alone. */
const rawSync = {
  name: 'disk-sync',
  group: 'disk',
  title: 'no server: write of 100 B and fdatasync, one after the other',
  unit: 'syncs/s',
  better: 'higher',
  bareMode: 'answer',
  needsStreams: false,
  subjects: ['bare'],
  measure: async ({ seconds }) => {
    const folder = mkdtempSync(join(tmpdir(), 'ds-bench-disk-'))
    const file = openSync(join(folder, 'raw'), 'w')
    try {
      await writeAt(file, Buffer.alloc(ROOM), 0, ROOM, 0)
      await sync(file)
      const latencies = []
      const begin = performance.now()
      const end = begin + seconds * 1000
      for (let at = 0; performance.now() < end; at = (at + BYTES) % (ROOM - BYTES)) {
        const start = performance.now()
        await writeAt(file, Buffer.alloc(BYTES, 'm'), 0, BYTES, at)
        await sync(file)
        latencies.push(performance.now() - start)
      }
      const value = latencies.length / ((performance.now() - begin) / 1000)
      latencies.sort((a, b) => a - b)
      const at = (share) => latencies[Math.floor(latencies.length * share)]
      return { value, errors: 0, p50Ms: at(0.5), p99Ms: at(0.99) }
    } finally {
      closeSync(file)
      rmSync(folder, { recursive: true })
    }
  },
}

export const diskRows = [rawSync]
