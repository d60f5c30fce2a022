import type { Command } from 'commander'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { EXIT } from '../exit-codes.js'
import { CliError } from '../failures.js'
import type { Session } from '../session.js'
import type { StreamTarget } from '../connection/stream-target.js'

export function addHeadCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('head')
    .description('show what a stream is like: type, end, closure, expiry')
    .argument('<stream>', 'its name or its URL')
    .addHelpText('after', examples('ds head chat', 'ds head chat --output json | jq -r .offset'))
    .action((name: string, _options: object, self: Command) => start(self, (session) => head(session, name)))
}

async function head(session: Session, name: string): Promise<void> {
  const target = session.find(name)
  const found = await session.open(target).head()
  if (!found.exists) throw noStream(target, found.gone === true)
  const { contentType, offset, streamClosed, ttlSeconds, expiresAt } = found
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['url', target.url],
    ['content type', contentType],
    ['next offset', offset],
    ['closed', streamClosed ? 'yes' : 'no'],
    ['time to live', ttlSeconds === undefined ? undefined : `${ttlSeconds} s after its last use`],
    ['expires at', expiresAt],
  ]
  const shown = rows.filter(([, value]) => value !== undefined)
  await session.tell(shown.map(([label, value]) => `${label.padEnd(14)}${value!}`).join('\n'), {
    url: target.url,
    contentType: contentType ?? null,
    offset: offset ?? null,
    closed: streamClosed,
    ttlSeconds: ttlSeconds ?? null,
    expiresAt: expiresAt ?? null,
  })
}

/** The failure of a command whose stream is not there. */
export function noStream({ name, url }: StreamTarget, isGone: boolean): CliError {
  const code = isGone ? 'GONE' : 'NOT_FOUND'
  const message = isGone ? `the stream ${url} was deleted; forks still read it` : `there is no stream ${url}`
  const hint = isGone
    ? 'choose another name'
    : `create it: ds create ${name}   (add --json for JSON messages)`
  return new CliError(code, message, { exitCode: EXIT.notFound, hint })
}
