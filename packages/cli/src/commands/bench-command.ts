import type { Command } from 'commander'
import { randomUUID } from 'node:crypto'
import { BenchClient } from '../bench/bench-client.js'
import { measureAppends, measureDeliveries, type BenchPlan } from '../bench/phases.js'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { byteSize, durationMs, wholeNumber } from '../option-values.js'
import type { Session } from '../session.js'
import { formatMs } from '../terminal/quantities.js'

interface BenchOptions {
  readonly duration: number
  readonly connections: number
  readonly size: number
  readonly readers: number
}

export function addBenchCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('bench')
    .description('measure a server: appends, delivery, fan-out; makes streams of its own and deletes them')
    .option('--duration <time>', 'how long each of the three parts takes (default: 3s)', durationMs, 3_000)
    .option('--connections <n>', 'appends under way at the same time', wholeNumber(1, 1_000), 32)
    .option('--size <bytes>', 'size of a message', byteSize(16, 1_048_576), 100)
    .option('--readers <n>', 'live readers of the fan-out', wholeNumber(1, 10_000), 100)
    .addHelpText(
      'after',
      examples('ds bench', 'ds bench --url http://10.0.0.5:4437 --duration 10s --readers 1000 --output json'),
    )
    .action((options: BenchOptions, self: Command) => start(self, (session) => bench(session, options)))
}

async function bench(session: Session, options: BenchOptions): Promise<void> {
  const { base, headers } = session.settings
  const { signal } = session.host
  const client = new BenchClient(base.origin, headers, signal)
  const name = `ds-bench-${randomUUID()}`
  const { url } = session.find(name)
  const plan: BenchPlan = { ...options, durationMs: options.duration, signal }
  const { connections, size, readers } = options
  await client.send('PUT', url)
  try {
    session.note(`measuring ${base.origin}, ${connections} connections, messages of ${size} bytes`)
    const appends = await measureAppends(client, url, plan)
    signal.throwIfAborted()
    session.note('now how soon one reader sees an append')
    const delivery = await measureDeliveries(client, url, 1, plan)
    signal.throwIfAborted()
    session.note(`now ${readers} readers`)
    const fanOut = await measureDeliveries(client, url, readers, plan)
    signal.throwIfAborted()
    const rows = [
      ['', 'per second', 'p50', 'p99', 'max'],
      ['appends', appends.perSecond, ...msOf(appends)],
      ['append to delivery', delivery.perSecond, ...msOf(delivery)],
      [`fan-out to ${readers}`, fanOut.perSecond, ...msOf(fanOut)],
    ]
    await session.tell(layOut(rows), {
      url: base.origin,
      connections,
      size,
      readers,
      appends,
      delivery,
      fanOut,
    })
  } finally {
    await removeStream(session, url)
    client.close()
  }
}

function msOf({ p50, p99, max }: { p50: number; p99: number; max: number }): string[] {
  return [p50, p99, max].map(formatMs)
}

function layOut(rows: readonly (readonly (string | number)[])[]): string {
  const line = (row: readonly (string | number)[]): string =>
    row
      .map((cell, i) => (i === 0 ? String(cell).padEnd(20) : cell.toLocaleString('en-US').padStart(11)))
      .join('')
  return rows.map(line).join('\n')
}

/** Also after Ctrl-C, which has ended all other requests. */
async function removeStream(session: Session, url: string): Promise<void> {
  const cleaner = new BenchClient(url, session.settings.headers, AbortSignal.timeout(2_000))
  await cleaner.send('DELETE', url).catch(() => undefined)
  cleaner.close()
}
