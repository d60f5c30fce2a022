#!/usr/bin/env node
import type { DurableStreamsServer, ServerOptions } from './durable-streams-server.js'
import type { StoreChoice } from './command-line.js'
import type { StreamStore } from '@ds/core'
import { FileStore } from '@ds/store-file'
import { HELP, parseCommand } from './command-line.js'
import { MemoryStore } from '@ds/store-memory'
import { createDurableStreamsServer } from './durable-streams-server.js'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const EXIT_FAILURE = 1
const EXIT_USAGE = 2
/** A signal that follows so soon is the same one, passed on by a parent as npm does. A later one is meant. */
const SAME_SIGNAL_MS = 1_000
/** On one's own machine, workers may be there, too. */
const DEFAULT_SUBSCRIPTIONS = { webhooks: { development: process.env['NODE_ENV'] !== 'production' } }

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
    await serve(command.options, command.store)
}

async function serve(options: ServerOptions, choice: StoreChoice): Promise<void> {
  const { store, server } = await start(options, choice)
  let stoppedAt: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stoppedAt === null) {
        stoppedAt = Date.now()
        process.stdout.write(`${signal}: stopping\n`)
        void stop(server, store)
      } else if (Date.now() - stoppedAt > SAME_SIGNAL_MS) {
        process.stdout.write(`${signal}: not waiting\n`)
        process.exit(EXIT_FAILURE)
      }
    })
  }
}

async function start(
  options: ServerOptions,
  choice: StoreChoice,
): Promise<{ store: StreamStore; server: DurableStreamsServer }> {
  let store: StreamStore | null = null
  try {
    store = await openStore(choice)
    const server = createDurableStreamsServer({ subscriptions: DEFAULT_SUBSCRIPTIONS, ...options, store })
    const url = await server.start()
    const { name, durability } = store.capabilities
    const place = choice.kind === 'file' ? ` in ${resolve(choice.directory)}` : ''
    const { basePath } = server.handler.settings
    process.stdout.write(
      `Durable Streams on ${url}${basePath}/ (store: ${name}${place}, durability: ${durability})\n`,
    )
    return { store, server }
  } catch (error) {
    process.stderr.write(`ds-server: ${explain(error)}\n`)
    await store?.close()
    process.exit(EXIT_FAILURE)
  }
}

async function stop(server: DurableStreamsServer, store: StreamStore): Promise<void> {
  try {
    await server.stop()
    await store.close()
    process.exit(0)
  } catch (error) {
    process.stderr.write(`ds-server: ${explain(error)}\n`)
    process.exit(EXIT_FAILURE)
  }
}

function openStore(choice: StoreChoice): StreamStore | Promise<StreamStore> {
  if (choice.kind === 'memory') return new MemoryStore()
  return FileStore.open(choice.directory, {
    durability: choice.durability,
    onFault: (fault) => process.stderr.write(`ds-server: ${explain(fault)}\n`),
  })
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
