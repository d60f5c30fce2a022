import type { Command } from 'commander'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { addLifetimeOptions, lifetimeOf, type LifetimeOptions } from './create-command.js'
import { pathOf } from '../connection/stream-target.js'
import { usageError } from '../failures.js'
import { wholeNumber } from '../option-values.js'
import type { Session } from '../session.js'

interface ForkOptions extends LifetimeOptions {
  readonly offset?: string
  readonly subOffset?: number
  readonly contentType?: string
}

export function addForkCommand(program: Command, { start }: CommandSurroundings): void {
  const command = program
    .command('fork')
    .description('create a stream that begins with what another one holds, without copying')
    .argument('<source>', 'the stream to fork: its name or its URL')
    .argument('<stream>', 'the name of the new stream, on the same server')
    .option('--offset <offset>', 'where it leaves its source (default: at its end)')
    .option(
      '--sub-offset <n>',
      'messages (JSON) or bytes past --offset that it has as well',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--content-type <type>', "must be the source's; it is inherited anyway")
  addLifetimeOptions(command)
    .addHelpText(
      'after',
      examples('ds fork chat chat-experiment', 'ds fork chat retry --offset "$OFFSET" --ttl 1d'),
    )
    .action((source: string, name: string, options: ForkOptions, self: Command) =>
      start(self, (session) => fork(session, source, name, options)),
    )
}

async function fork(session: Session, sourceName: string, name: string, options: ForkOptions): Promise<void> {
  const source = session.find(sourceName)
  const target = session.find(name)
  if (new URL(source.url).origin !== new URL(target.url).origin) {
    throw usageError('a fork lives on the server of its source')
  }
  const { offset, subOffset, contentType } = options
  const handle = await session.open(target).create({
    ...lifetimeOf(options),
    forkedFrom: pathOf(source.url),
    ...(offset === undefined ? {} : { forkOffset: offset }),
    ...(subOffset === undefined ? {} : { forkSubOffset: subOffset }),
    ...(contentType === undefined ? {} : { contentType }),
  })
  const isNew = session.observed.lastStatus === 201
  await session.tell(`${isNew ? 'forked' : 'exists already, as this fork:'} ${source.url} -> ${target.url}`, {
    url: target.url,
    source: source.url,
    created: isNew,
    contentType: handle.contentType ?? null,
  })
}
