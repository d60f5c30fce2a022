import type { Command } from 'commander'
import type { StreamConfiguration } from '@ds/client'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import {
  addContentTypeOptions,
  chosenContentType,
  readWhole,
  type ContentTypeOptions,
} from './content-options.js'
import { usageError } from '../failures.js'
import { ttlSeconds } from '../option-values.js'
import type { Session } from '../session.js'

/** Options that say how long a stream lives. */
export interface LifetimeOptions {
  readonly ttl?: number
  readonly expiresAt?: string
}

interface CreateOptions extends ContentTypeOptions, LifetimeOptions {
  readonly closed?: boolean
  readonly file?: string
}

export function addCreateCommand(program: Command, { start }: CommandSurroundings): void {
  const command = program.command('create').description('create a stream')
  command.argument('<stream>', 'its name, such as chat or rooms/42, or its URL')
  addLifetimeOptions(addContentTypeOptions(command))
    .option('--closed', 'close it at once: what --file gives is all of it')
    .option('--file <file>', 'its first content; - for standard input. A JSON array is several messages')
    .addHelpText(
      'after',
      examples(
        'ds create chat --json',
        'ds create logs --content-type text/plain --ttl 7d',
        'ds create answers/42 --json --file answer.json --closed',
      ),
    )
    .action((name: string, options: CreateOptions, self: Command) =>
      start(self, (session) => create(session, name, options)),
    )
}

export function addLifetimeOptions(command: Command): Command {
  return command
    .option('--ttl <time>', 'gone when nobody has used it for so long: 3600, 60m, 7d', ttlSeconds)
    .option('--expires-at <time>', 'gone at this moment, such as 2030-01-01T00:00:00Z')
}

export function lifetimeOf({ ttl, expiresAt }: LifetimeOptions): StreamConfiguration {
  if (ttl !== undefined && expiresAt !== undefined) throw usageError('either --ttl or --expires-at')
  if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))) {
    throw usageError(`--expires-at ${expiresAt} is no time`, 'give one like 2030-01-01T00:00:00Z')
  }
  return {
    ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

async function create(session: Session, name: string, options: CreateOptions): Promise<void> {
  const target = session.find(name)
  const contentType = chosenContentType(options)
  const lifetime = lifetimeOf(options)
  const body = options.file === undefined ? null : await readWhole(options.file, session)
  const handle = await session.open(target).create({
    ...lifetime,
    ...(contentType === null ? {} : { contentType }),
    ...(options.closed === true ? { closed: true } : {}),
    ...(body === null ? {} : { body }),
  })
  const isNew = session.observed.lastStatus === 201
  const what = isNew ? 'created' : 'exists already, with this configuration:'
  await session.tell(`${what} ${target.url} (${handle.contentType ?? 'no content type'})`, {
    url: target.url,
    created: isNew,
    contentType: handle.contentType ?? null,
  })
}
