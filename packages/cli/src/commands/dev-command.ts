import type { Command } from 'commander'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { addListenOptions, listenOptions, type ListenOptions } from './serve-command.js'
import { runServer } from '../serve/run-server.js'
import { createPaint } from '../terminal/paint.js'
import type { Session } from '../session.js'
import { readVersion } from '../tool-version.js'

interface DevOptions extends ListenOptions {
  readonly log: boolean
}

export function addDevCommand(program: Command, { start }: CommandSurroundings): void {
  const command = program
    .command('dev')
    .description('run a server for development: in memory, telling of every request')
  addListenOptions(command)
    .option('--no-log', 'do not tell of requests')
    .addHelpText('after', examples('ds dev', 'ds dev --port 0'))
    .action((options: DevOptions, self: Command) =>
      start(self, (session) =>
        runServer(session, {
          store: { kind: 'memory' },
          server: {
            ...listenOptions(options, session.host.env),
            stopTimeoutMs: 1_000,
            subscriptions: { webhooks: { development: true } },
          },
          logsRequests: options.log && !session.settings.isQuiet,
          banner: (url, path) => bannerOf(session, url, path),
        }),
      ),
    )
}

function bannerOf(session: Session, url: string, path: string): string {
  const paint = createPaint(session.host.isOutTerminal, session.host.env)
  const address = url.replace('//127.0.0.1:', '//localhost:')
  const isUsual = address.endsWith(':4437')
  const prefix = isUsual ? '' : `export STREAM_URL=${address}\n              `
  return `
  ${paint.strong('Durable Streams')} ${readVersion()}: a server for development. Streams are in memory and end with it.

    streams   ${paint.good(`${address}${path}/<name>`)}
    health    ${address}/health
    try       ${prefix}ds create hello --json
              ds append hello '{"message":"hi"}'
              ds read hello --follow

  Ctrl-C stops it. ${paint.quiet('`ds serve` keeps streams on disk or in Redis.')}
`
}
