import type { Command } from 'commander'
import { DurableStreamError } from '@ds/client'
import { CliError } from '../failures.js'
import { EXIT } from '../exit-codes.js'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import type { Session } from '../session.js'

interface DeleteOptions {
  readonly ifExists?: boolean
}

export function addDeleteCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('delete')
    .description('delete streams, with all they hold')
    .argument('<stream...>', 'names or URLs')
    .option('--if-exists', 'no failure if there is none')
    .addHelpText('after', examples('ds delete chat', 'ds delete a b c --if-exists'))
    .action((names: string[], options: DeleteOptions, self: Command) =>
      start(self, async (session) => {
        for (const name of names) await remove(session, name, options)
      }),
    )
}

async function remove(session: Session, name: string, { ifExists }: DeleteOptions): Promise<void> {
  const target = session.find(name)
  const deleted = await session
    .open(target)
    .delete()
    .then(
      () => true,
      (error: unknown) => {
        const isMissing = error instanceof DurableStreamError && /^(NOT_FOUND|GONE)$/.test(error.code)
        if (isMissing && ifExists === true) return false
        if (!isMissing) throw error
        throw new CliError(error.code, error.message, {
          cause: error,
          exitCode: EXIT.notFound,
          hint: 'with --if-exists that is no failure',
        })
      },
    )
  await session.tell(deleted ? `deleted ${target.url}` : `there was no ${target.url}`, {
    url: target.url,
    deleted,
  })
}
