import type { CorsOption } from '../http/options.js'
import type { ServerOptions } from './durable-streams-server.js'
import type { SubscriptionOptions } from '../subscriptions/options.js'
import { DEFAULT_PORT } from '@ds/core'
import { parseArgs } from 'node:util'

/** What `--help` prints. */
export const HELP = `ds-server - a Durable Streams server

Usage: ds-server [options]

  --port N                  port to listen on (PORT; default 4437; 0 for any free one)
  --host ADDRESS            address to bind (HOST; default 127.0.0.1; 0.0.0.0 for all)
  --store file|memory       where streams are kept (default file)
  --dir DIRECTORY           where the file store keeps them (STREAMS_DIR; default ./streams-data)
  --durability fsync|os     when the file store acknowledges: on the disk (default), or handed to the system
  --base-path PATH          where streams live (default /v1/stream)
  --public-origin URL       scheme and host that clients use, when a proxy hides it
  --long-poll-timeout MS    how long a long-poll waits (default 30000)
  --sse-recycle MS          after how long SSE clients are made to reconnect (default 60000)
  --max-body BYTES          largest request body (default 67108864)
  --cors ORIGINS            * (default), none, or a list of origins with commas
  --cache MODE              public (default), private or no-store
  --webhooks MODE           public (default if NODE_ENV is production): subscriptions may call public https addresses;
                            development (default otherwise): localhost and 127.0.0.x as well
  --binding node|hono       node:http itself (default), or Hono on @hono/node-server
  --stop-timeout MS         how long a stop waits for what was begun (default 10000)
  --version                 print the version
  --help                    print this

Streams are at http://HOST:PORT/v1/stream/<any/path>:
  curl -X PUT  localhost:4437/v1/stream/hello -H 'content-type: text/plain'
  curl -X POST localhost:4437/v1/stream/hello -H 'content-type: text/plain' -d 'hi'
  curl 'localhost:4437/v1/stream/hello?offset=-1'
`

/** What a command line asks for. */
export type Command =
  | { readonly kind: 'serve'; readonly options: ServerOptions; readonly store: StoreChoice }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'usage'; readonly message: string }

/** Which store a server is to use. */
export type StoreChoice =
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly directory: string; readonly durability: 'fsync' | 'os' }

const DEFAULT_DIRECTORY = 'streams-data'

const ORIGIN = /^https?:\/\/[A-Za-z0-9.\-_[\]:]+\/?$/

type Values = Record<string, string | boolean | undefined>

/** Reads the arguments and the environment of the server's command. */
export function parseCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  try {
    const values = parseValues(argv)
    if (values['help'] === true) return { kind: 'help' }
    if (values['version'] === true) return { kind: 'version' }
    return { kind: 'serve', options: toOptions(values, env), store: toStore(values, env) }
  } catch (error) {
    return { kind: 'usage', message: error instanceof Error ? error.message : String(error) }
  }
}

function parseValues(argv: readonly string[]): Values {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  const options = {
    port: text,
    host: text,
    store: text,
    dir: text,
    durability: text,
    'base-path': text,
    'public-origin': text,
    'long-poll-timeout': text,
    'sse-recycle': text,
    'max-body': text,
    cors: text,
    cache: text,
    webhooks: text,
    binding: text,
    'stop-timeout': text,
    help: flag,
    version: flag,
  }
  return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
}

function toStore(values: Values, env: Readonly<Record<string, string | undefined>>): StoreChoice {
  const text = (name: string): string | undefined => values[name] as string | undefined
  const kind = oneOf('store', text('store'), ['file', 'memory'] as const) ?? 'file'
  const durability = oneOf('durability', text('durability'), ['fsync', 'os'] as const)
  if (kind === 'file') {
    const directory = text('dir') ?? filled(env['STREAMS_DIR']) ?? DEFAULT_DIRECTORY
    return { kind, directory, durability: durability ?? 'fsync' }
  }
  if (text('dir') !== undefined) throw new Error('--dir is for --store file')
  if (durability !== undefined) throw new Error('--durability is for --store file')
  return { kind }
}

function toOptions(values: Values, env: Readonly<Record<string, string | undefined>>): ServerOptions {
  const text = (name: string): string | undefined => values[name] as string | undefined
  const basePath = text('base-path')
  if (basePath !== undefined && !basePath.startsWith('/')) throw new Error('--base-path begins with /')
  const publicOrigin = text('public-origin')
  if (publicOrigin !== undefined && !ORIGIN.test(publicOrigin)) {
    throw new Error(
      `--public-origin is a scheme and a host, such as https://example.com, not '${publicOrigin}'`,
    )
  }
  return {
    port: number('port', text('port') ?? env['PORT'], 0, 65_535) ?? DEFAULT_PORT,
    host: text('host') ?? filled(env['HOST']) ?? '127.0.0.1',
    ...defined('basePath', basePath),
    ...defined('publicOrigin', publicOrigin),
    ...defined('longPollTimeoutMs', number('long-poll-timeout', text('long-poll-timeout'), 1, 3_600_000)),
    ...defined('sseRecycleMs', number('sse-recycle', text('sse-recycle'), 1_000, 86_400_000)),
    ...defined('maxBodyBytes', number('max-body', text('max-body'), 1, 2 ** 31)),
    ...defined('stopTimeoutMs', number('stop-timeout', text('stop-timeout'), 0, 3_600_000)),
    ...defined('cors', cors(text('cors'))),
    ...defined('cachePrivacy', oneOf('cache', text('cache'), ['public', 'private', 'no-store'] as const)),
    ...defined('subscriptions', subscriptions(text('webhooks'))),
    ...defined('binding', oneOf('binding', text('binding'), ['node', 'hono'] as const)),
  }
}

function number(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new Error(`--${name} is a whole number from ${least} to ${most}, not '${text}'`)
}

function oneOf<T extends string>(
  name: string,
  text: string | undefined,
  choices: readonly T[],
): T | undefined {
  if (text === undefined) return undefined
  const choice = choices.find((candidate) => candidate === text)
  if (choice === undefined) throw new Error(`--${name} is one of ${choices.join(', ')}, not '${text}'`)
  return choice
}

function subscriptions(text: string | undefined): SubscriptionOptions | undefined {
  const mode = oneOf('webhooks', text, ['public', 'development'] as const)
  return mode === undefined ? undefined : { webhooks: { development: mode === 'development' } }
}

function cors(text: string | undefined): CorsOption | undefined {
  if (text === undefined || text === '*') return text
  return text === 'none' ? false : text.split(',').map((origin) => origin.trim())
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function defined<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>)
}
