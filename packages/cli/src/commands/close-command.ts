import type { Command } from 'commander'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { isJsonType, readWhole } from './content-options.js'
import { noStream } from './head-command.js'
import { usageError } from '../failures.js'
import type { Session } from '../session.js'
import { unescapeContent } from '../input/unescape-content.js'

interface CloseCommandOptions {
  readonly file?: string
}

export function addCloseCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('close')
    .description('close a stream for good; readers see its end')
    .argument('<stream>', 'its name or its URL')
    .argument('[content]', 'a last message, appended in the same step')
    .option('--file <file>', 'the last message from a file; - for standard input')
    .addHelpText('after', examples('ds close chat', `ds close chat '{"text":"goodbye"}'`))
    .action((name: string, content: string | undefined, options: CloseCommandOptions, self: Command) =>
      start(self, (session) => close(session, name, content, options)),
    )
}

async function close(
  session: Session,
  name: string,
  content: string | undefined,
  { file }: CloseCommandOptions,
): Promise<void> {
  if (content !== undefined && file !== undefined) throw usageError('either content or --file')
  const target = session.find(name)
  const handle = session.open(target)
  const body = await lastMessage()
  const { finalOffset } = await handle.close(body === null ? {} : { body })
  await session.tell(`closed ${target.url} at ${finalOffset}`, { url: target.url, finalOffset })

  async function lastMessage(): Promise<Uint8Array | string | null> {
    if (file !== undefined) return readWhole(file, session)
    if (content === undefined) return null
    const found = await handle.head()
    if (!found.exists) throw noStream(target, found.gone === true)
    return isJsonType(found.contentType) ? content : unescapeContent(content)
  }
}
