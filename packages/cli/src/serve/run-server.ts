import type { ServerOptions } from '@ds/server'
import type { StreamStore } from '@ds/core'
import { CliError } from '../failures.js'
import { logRequests } from './request-log.js'
import { openStore, type StoreChoice } from './store-choice.js'
import type { Session } from '../session.js'

export interface RunServerOptions {
  readonly store: StoreChoice
  readonly server: ServerOptions
  readonly logsRequests: boolean
  /** What to print when the server listens. */
  readonly banner: (url: string, basePath: string, store: StreamStore) => string
}

/** Serves until a signal comes, and stops in good order. */
export async function runServer(session: Session, options: RunServerOptions): Promise<void> {
  const { host, paint } = session
  const store = await openStore(options.store, {
    timeoutMs: session.settings.timeoutMs,
    onFault: (fault) => session.note(`store: ${messageOf(fault)}`),
    onWait: (what) => session.note(what),
  })
  const { createDurableStreamsServer } = await import('@ds/server')
  const server = createDurableStreamsServer({ ...options.server, store })
  const stopLogging = options.logsRequests ? logRequests((line) => host.err(`${line}\n`), paint) : null
  try {
    const url = await server.start().catch((error: unknown) => {
      throw cannotListen(error)
    })
    const { basePath } = server.handler.settings
    const { name, durability } = store.capabilities
    await session.tell(options.banner(url, basePath, store), {
      url: `${url}${basePath}`,
      store: name,
      durability,
    })
    await untilAborted(host.signal)
    session.note('stopping')
    await server.stop()
  } finally {
    stopLogging?.()
    await store.close()
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function cannotListen(cause: unknown): CliError {
  const { code, port } = cause as NodeJS.ErrnoException & { port?: number }
  const at = port === undefined ? '' : ` ${port}`
  if (code === 'EADDRINUSE') {
    return new CliError(code, `port${at} is taken`, {
      cause,
      hint: 'choose another with --port; 0 finds a free one',
    })
  }
  if (code === 'EACCES') {
    return new CliError(code, `port${at} needs more rights`, {
      cause,
      hint: 'choose one above 1023 with --port',
    })
  }
  return new CliError(code ?? 'LISTEN', `the server cannot listen: ${messageOf(cause)}`, { cause })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
