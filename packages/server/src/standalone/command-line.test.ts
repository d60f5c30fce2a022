import { HELP, parseCommand } from './command-line.js'
import { describe, expect, test } from 'vitest'

const parse = (line: string, env: Record<string, string> = {}): ReturnType<typeof parseCommand> =>
  parseCommand(line === '' ? [] : line.split(' '), env)

describe('parseCommand', () => {
  test('nothing asks for a server on the port of the protocol, for this machine only', () => {
    expect(parse('')).toEqual({
      kind: 'serve',
      options: { port: 4437, host: '127.0.0.1' },
      store: { kind: 'file', directory: 'streams-data', durability: 'fsync' },
    })
  })

  test('the directory comes from the option, or else from STREAMS_DIR', () => {
    const env = { STREAMS_DIR: '/data' }
    expect(parse('', env)).toMatchObject({ store: { directory: '/data' } })
    expect(parse('--dir /other --durability os', env)).toMatchObject({
      store: { kind: 'file', directory: '/other', durability: 'os' },
    })
    expect(parse('--store memory', env)).toMatchObject({ store: { kind: 'memory' } })
    expect(parse('--store memory --dir /data')).toMatchObject({ kind: 'usage' })
    expect(parse('--store memory --durability os')).toMatchObject({ kind: 'usage' })
  })

  test('every option is taken', () => {
    const line =
      '--port 0 --host :: --store memory --base-path /s --public-origin https://x.test:8443 --long-poll-timeout 5 ' +
      '--sse-recycle 1000 --max-body 7 --cors https://a.test,https://b.test --cache private --binding hono --webhooks public --stop-timeout 0'
    expect(parse(line)).toEqual({
      kind: 'serve',
      options: {
        port: 0,
        host: '::',
        basePath: '/s',
        publicOrigin: 'https://x.test:8443',
        longPollTimeoutMs: 5,
        sseRecycleMs: 1_000,
        maxBodyBytes: 7,
        stopTimeoutMs: 0,
        cors: ['https://a.test', 'https://b.test'],
        cachePrivacy: 'private',
        binding: 'hono',
        subscriptions: { webhooks: { development: false } },
      },
      store: { kind: 'memory' },
    })
  })

  test('every option is in the help', () => {
    const options = HELP.match(/^ {2}--[a-z-]+/gm)!.map((text) => text.trim())
    expect(options.sort()).toEqual(
      [
        '--base-path',
        '--binding',
        '--cache',
        '--cors',
        '--dir',
        '--durability',
        '--help',
        '--host',
        '--long-poll-timeout',
        '--max-body',
        '--port',
      ]
        .concat(['--public-origin', '--sse-recycle', '--stop-timeout', '--store', '--version', '--webhooks'])
        .sort(),
    )
  })

  test('PORT and HOST count when no option says otherwise, and not when they are empty', () => {
    expect(parse('', { PORT: '80', HOST: '0.0.0.0' })).toMatchObject({
      options: { port: 80, host: '0.0.0.0' },
    })
    expect(parse('--port 81 --host h', { PORT: '80', HOST: 'x' })).toMatchObject({
      options: { port: 81, host: 'h' },
    })
    expect(parse('', { PORT: '', HOST: '' })).toMatchObject({ options: { port: 4437, host: '127.0.0.1' } })
  })

  test('cors can be for everybody, for nobody, or for some', () => {
    expect(parse('--cors *')).toMatchObject({ options: { cors: '*' } })
    expect(parse('--cors none')).toMatchObject({ options: { cors: false } })
    expect(parse('--cors https://a.test')).toMatchObject({ options: { cors: ['https://a.test'] } })
  })

  test('help goes before everything else that is right', () => {
    expect(parse('--port 1 --help --version')).toEqual({ kind: 'help' })
    expect(parse('--version')).toEqual({ kind: 'version' })
  })

  test.each([
    '--port -1', '--port 1.5', '--port 0x10', '--port 65536', '--port', '--cache yes', '--binding bun', '--webhooks all', '--store redis',
    '--base-path s', '--public-origin x.test', '--public-origin https://x.test/path', '--sse-recycle 999', '--max-body 0',
    '--unknown', 'serve', '--help=yes',
  ])('%s is a usage error', (line) => {
    expect(parse(line).kind).toBe('usage')
  }) // prettier-ignore
})
