import { type Command, InvalidArgumentError } from 'commander'
import type { ServerOptions } from '@ds/server'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { oneOf, wholeNumber } from '../option-values.js'
import { runServer } from '../serve/run-server.js'
import { chooseStore, type StoreOptions } from '../serve/store-choice.js'

/** Where a server listens. */
export interface ListenOptions {
  readonly port?: number
  readonly host?: string
}

interface ServeOptions extends ListenOptions, StoreOptions {
  readonly basePath?: string
  readonly publicOrigin?: string
  readonly longPollTimeout?: number
  readonly sseRecycle?: number
  readonly maxBody?: number
  readonly cors?: ServerOptions['cors']
  readonly cache?: 'public' | 'private' | 'no-store'
  readonly webhooks?: 'public' | 'development'
  readonly binding?: 'node' | 'hono'
  readonly stopTimeout?: number
  readonly logRequests?: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

export function addServeCommand(program: Command, { start }: CommandSurroundings): void {
  const command = program.command('serve').description('run a server that keeps its streams')
  addListenOptions(command)
    .option('--store <store>', 'file, memory, or redis://host:port (default: file)')
    .option('--dir <folder>', 'where the file store keeps streams (STREAMS_DIR; default ./streams-data)')
    .option('--durability <d>', 'file store: fsync, on the disk (default), or os', oneOf(['fsync', 'os']))
    .option('--base-path <path>', 'where streams live (default /v1/stream)', basePath)
    .option('--public-origin <url>', 'scheme and host that clients use, when a proxy hides it', origin)
    .option('--long-poll-timeout <ms>', 'how long a long-poll waits (default 30000)', wholeNumber(1, HOUR_MS))
    .option(
      '--sse-recycle <ms>',
      'when SSE clients are made to reconnect (default 60000)',
      wholeNumber(1000, DAY_MS),
    )
    .option('--max-body <bytes>', 'largest request body (default 67108864)', wholeNumber(1, 2 ** 31))
    .option('--cors <origins>', '* (default), none, or origins with commas', corsOrigins)
    .option(
      '--cache <mode>',
      'public (default), private or no-store',
      oneOf(['public', 'private', 'no-store']),
    )
    .option(
      '--webhooks <mode>',
      'whom subscriptions may call: public, https addresses (default if NODE_ENV is production), or development, this machine too',
      oneOf(['public', 'development']),
    )
    .option('--binding <binding>', 'node (default) or hono', oneOf(['node', 'hono']))
    .option(
      '--stop-timeout <ms>',
      'how long a stop waits for what was begun (default 10000)',
      wholeNumber(0, HOUR_MS),
    )
    .option('--log-requests', 'tell of every request on standard error')
    .addHelpText(
      'after',
      examples(
        'ds serve --dir /var/lib/streams --host 0.0.0.0',
        'ds serve --store redis://localhost:6379 --port 8080',
        'ds serve --store memory --long-poll-timeout 5000',
      ),
    )
    .action((options: ServeOptions, self: Command) =>
      start(self, (session) =>
        runServer(session, {
          store: chooseStore(options, session.host.env),
          server: serverOptions(options, session.host.env),
          logsRequests: options.logRequests === true,
          banner: (url, path, { capabilities: { name, durability } }) =>
            `Durable Streams on ${url}${path}/ (store: ${name}, durability: ${durability})`,
        }),
      ),
    )
}

export function addListenOptions(command: Command): Command {
  return command
    .option(
      '-p, --port <n>',
      'port to listen on (PORT; default 4437; 0 for any free one)',
      wholeNumber(0, 65_535),
    )
    .option('--host <address>', 'address to bind (HOST; default 127.0.0.1; 0.0.0.0 for all)')
}

export function listenOptions(
  { port, host }: ListenOptions,
  env: Readonly<Record<string, string | undefined>>,
): Pick<ServerOptions, 'port' | 'host'> {
  const fromEnv = env['PORT'] === undefined || env['PORT'] === '' ? undefined : env['PORT']
  return {
    port: port ?? (fromEnv === undefined ? 4437 : wholeNumber(0, 65_535)(fromEnv)),
    host: host ?? (env['HOST'] === undefined || env['HOST'] === '' ? '127.0.0.1' : env['HOST']),
  }
}

function serverOptions(
  options: ServeOptions,
  env: Readonly<Record<string, string | undefined>>,
): ServerOptions {
  const { basePath, publicOrigin, longPollTimeout, sseRecycle, maxBody, cors, cache, binding, stopTimeout } =
    options
  const given = {
    basePath,
    publicOrigin,
    longPollTimeoutMs: longPollTimeout,
    sseRecycleMs: sseRecycle,
    maxBodyBytes: maxBody,
    cors,
    cachePrivacy: cache,
    binding,
    stopTimeoutMs: stopTimeout,
  }
  const webhooks = options.webhooks ?? (env['NODE_ENV'] === 'production' ? 'public' : 'development')
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return {
    ...listenOptions(options, env),
    subscriptions: { webhooks: { development: webhooks === 'development' } },
    ...(known as ServerOptions),
  }
}

function basePath(text: string): string {
  if (!text.startsWith('/')) throw new InvalidArgumentError('It begins with a slash.')
  return text
}

function origin(text: string): string {
  if (/^https?:\/\/[A-Za-z0-9.\-_[\]:]+\/?$/.test(text)) return text
  throw new InvalidArgumentError('It is a scheme and a host, such as https://example.com.')
}

function corsOrigins(text: string): NonNullable<ServerOptions['cors']> {
  if (text === '*') return text
  return text === 'none' ? false : text.split(',').map((one) => one.trim())
}
