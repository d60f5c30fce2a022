import { Command } from 'commander'
import { addAppendCommand } from './commands/append-command.js'
import { addBenchCommand } from './commands/bench-command.js'
import { addCloseCommand } from './commands/close-command.js'
import { addCompletionCommand } from './commands/completion-command.js'
import { addCreateCommand } from './commands/create-command.js'
import { addDeleteCommand } from './commands/delete-command.js'
import { addDevCommand } from './commands/dev-command.js'
import { addDoctorCommand } from './commands/doctor-command.js'
import { addForkCommand } from './commands/fork-command.js'
import { addFsckCommand } from './commands/fsck-command.js'
import { addHeadCommand } from './commands/head-command.js'
import { addListCommand } from './commands/list-command.js'
import { addReadCommand } from './commands/read-command.js'
import { addServeCommand } from './commands/serve-command.js'
import type { CommandSurroundings } from './commands/command-surroundings.js'
import { EXIT_CODE_HELP } from './exit-codes.js'
import { addGlobalOptions, readSettings, type GlobalOptions } from './global-options.js'
import { Session } from './session.js'
import { readVersion } from './tool-version.js'
import type { Host } from './terminal/host.js'

const EXAMPLES = `
Examples:
  $ ds dev                                    # a server in memory, on http://localhost:4437
  $ ds create chat --json                     # in another terminal
  $ ds append chat '{"text":"hello"}'
  $ ds read chat --follow
  $ seq 1 1000000 | ds append numbers --create
  $ ds read https://streams.example.com/v1/stream/chat --auth "$TOKEN"

A stream is named by its path below the base URL (chat, rooms/42), or by its whole URL.
The base URL is --url or STREAM_URL; without a path of its own it is that of /v1/stream.

${EXIT_CODE_HELP}

\`ds help <command>\` says more.`

/** Puts the commands together. `finish` is told the exit code of a command that ends well but is not content. */
export function buildProgram(host: Host, finish: (code: number) => void): Command {
  const program = new Command('ds')
    .description('Durable Streams from the command line: append-only streams with a URL.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void host.out.write(text).catch(() => undefined),
      writeErr: (text) => host.err(text),
    })
    .exitOverride()
    .showHelpAfterError('(add --help for more)')
  addGlobalOptions(program)
  const surroundings: CommandSurroundings = {
    host,
    start: async (command, run) => {
      const session = new Session(host, readSettings(command.optsWithGlobals<GlobalOptions>(), host.env))
      try {
        finish((await run(session)) ?? 0)
      } finally {
        session.end()
      }
    },
  }
  for (const add of COMMANDS) add(program, surroundings)
  program.addHelpText('after', EXAMPLES)
  return program
}

const COMMANDS = [
  addDevCommand,
  addServeCommand,
  addCreateCommand,
  addAppendCommand,
  addReadCommand,
  addHeadCommand,
  addCloseCommand,
  addDeleteCommand,
  addForkCommand,
  addListCommand,
  addFsckCommand,
  addBenchCommand,
  addDoctorCommand,
  addCompletionCommand,
]
