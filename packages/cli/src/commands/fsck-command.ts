import type { Command } from 'commander'
import { resolve } from 'node:path'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { checkDataDirectory } from '../serve/store-choice.js'
import type { Session } from '../session.js'
import { formatBytes, formatCount } from '../terminal/quantities.js'

export function addFsckCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('fsck')
    .description('read everything in a data directory and compare it with its sums; changes nothing')
    .argument('[folder]', 'the data directory (STREAMS_DIR; default ./streams-data)')
    .addHelpText('after', examples('ds fsck ./streams-data', 'ds fsck --output json | jq .problems'))
    .action((folder: string | undefined, _options: object, self: Command) =>
      start(self, (session) => fsck(session, folder)),
    )
}

async function fsck(session: Session, folder: string | undefined): Promise<ExitCode> {
  const fromEnv = session.host.env['STREAMS_DIR']
  const directory = resolve(folder ?? (fromEnv === undefined || fromEnv === '' ? 'streams-data' : fromEnv))
  await checkDataDirectory(directory)
  const { verifyDirectory } = await import('@ds/store-file')
  const { streams, bytes, commits, problems } = await verifyDirectory(directory)
  const lines = [
    ...problems.map((problem) => `problem: ${problem}`),
    `${formatCount(streams, 'stream')} with ${formatBytes(bytes)}, ${formatCount(commits, 'commit')} in the journal: ` +
      (problems.length === 0 ? 'all is well' : formatCount(problems.length, 'problem')),
  ]
  await session.tell(lines.join('\n'), { directory, streams, bytes, commits, problems })
  return problems.length === 0 ? EXIT.ok : EXIT.failed
}
