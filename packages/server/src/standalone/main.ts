#!/usr/bin/env node
import { HELP, parseCommand } from './command-line.js'
import { createDurableStreamsServer } from './durable-streams-server.js'
import { readFileSync } from 'node:fs'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2

const command = parseCommand(process.argv.slice(2), process.env)
switch (command.kind) {
  case 'help':
    process.stdout.write(HELP)
    break
  case 'version':
    process.stdout.write(`${readVersion()}\n`)
    break
  case 'usage':
    process.stderr.write(`ds-server: ${command.message}\nTry ds-server --help.\n`)
    process.exitCode = EXIT_USAGE
    break
  case 'serve':
    await serve(command.options)
}

async function serve(options: Parameters<typeof createDurableStreamsServer>[0]): Promise<void> {
  const server = createDurableStreamsServer(options)
  try {
    const url = await server.start()
    const { basePath } = server.handler.settings
    const { name, durability } = server.handler.engine.store.capabilities
    process.stdout.write(`Durable Streams on ${url}${basePath}/ (store: ${name}, ${durability})\n`)
    if (process.env['STREAMS_DIR'] && durability === 'volatile') {
      process.stderr.write('STREAMS_DIR is set, but the memory store keeps nothing on disk.\n')
    }
  } catch (error) {
    process.stderr.write(`ds-server: ${explain(error)}\n`)
    process.exit(EXIT_FAILURE)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      process.stdout.write(`${signal}: stopping\n`)
      void server.stop().then(() => process.exit(0))
    })
  }
}

function explain(error: unknown): string {
  const { code, port } = error as NodeJS.ErrnoException & { port?: number }
  if (code === 'EADDRINUSE') return `port ${port ?? ''} is taken; choose another with --port or PORT`
  if (code === 'EACCES') return `port ${port ?? ''} needs more rights; choose one above 1023`
  return error instanceof Error ? error.message : String(error)
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
