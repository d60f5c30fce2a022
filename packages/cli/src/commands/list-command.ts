import type { Command } from 'commander'
import { isReservedPath, type StreamPath, type StreamStore } from '@ds/core'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { usageError } from '../failures.js'
import { checkDataDirectory, chooseStore, openStore } from '../serve/store-choice.js'
import type { Session } from '../session.js'
import { formatBytes } from '../terminal/quantities.js'

interface ListOptions {
  readonly store?: string
  readonly dir?: string
  readonly long?: boolean
}

const PAGE = 1_000

export function addListCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('ls')
    .description('list the streams of a store; servers have no list, as the protocol knows none')
    .argument('[prefix]', 'only streams whose names begin so')
    .option('--store <store>', 'redis://host:port; a running server needs not stop')
    .option('--dir <folder>', 'the data directory of a server that does not run')
    .option('-l, --long', 'with type, size and state')
    .addHelpText(
      'after',
      examples('ds ls --dir ./streams-data', 'ds ls chat/ --long --store redis://localhost:6379'),
    )
    .action((prefix: string | undefined, options: ListOptions, self: Command) =>
      start(self, (session) => list(session, prefix ?? '', options)),
    )
}

async function list(session: Session, prefix: string, options: ListOptions): Promise<void> {
  if (options.store === undefined && options.dir === undefined) {
    throw usageError(
      'the protocol has no list of streams, so no server can be asked for one',
      'name the store: --dir <folder> of a server that does not run, or --store redis://host:port',
    )
  }
  const choice = chooseStore(options, session.host.env)
  if (choice.kind === 'memory') throw usageError('streams in memory are seen by their server only')
  if (choice.kind === 'file') await checkDataDirectory(choice.directory)
  const store = await openStore(choice, {
    timeoutMs: session.settings.timeoutMs,
    onFault: (fault) => session.note(String(fault)),
    onWait: (what) => session.note(what),
  })
  try {
    let after = ''
    for (;;) {
      const paths = await store.list(prefix, after, PAGE)
      for (const path of paths) {
        // What the server keeps for itself.
        if (!isReservedPath(path)) await show(session, store, path, options.long === true)
      }
      if (paths.length === 0) return
      session.host.signal.throwIfAborted()
      after = paths.at(-1)!
    }
  } finally {
    await store.close()
  }
}

async function show(session: Session, store: StreamStore, path: StreamPath, isLong: boolean): Promise<void> {
  const { isJson } = session.settings
  if (!isLong && !isJson) return session.host.out.write(`${path}\n`)
  const record = (await store.load(path, []))?.record
  // Removed since it was listed.
  if (record === undefined) return
  const { contentType, state, closed, forkCount } = record
  const bytes = record.tail - record.start
  if (isJson) {
    const line = {
      name: path,
      contentType,
      bytes,
      closed,
      state,
      forks: forkCount,
      createdAt: new Date(record.createdAt).toISOString(),
    }
    return session.host.out.write(`${JSON.stringify(line)}\n`)
  }
  const states = [
    closed ? 'closed' : 'open',
    ...(state === 'live' ? [] : ['deleted']),
    ...(forkCount > 0 ? [`${forkCount} forks`] : []),
  ]
  await session.host.out.write(
    `${formatBytes(bytes).padStart(10)}  ${states.join(', ').padEnd(8)}  ${contentType.padEnd(26)}  ${path}\n`,
  )
}
