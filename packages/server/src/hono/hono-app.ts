import type { Context } from 'hono'
import type { HandlerOptions } from '../http/options.js'
import type { Runtime } from '../http/handler.js'
import { ClientGone } from '../http/exchange.js'
import { Hono } from 'hono'
import { StreamHandler } from '../http/handler.js'
import { WebRequest, toResponse } from './web-exchange.js'
import { routePath } from 'hono/route'
import { toOriginForm } from '../http/target.js'
import { webRuntime } from '../http/web-runtime.js'

/** A Hono app that serves durable streams, and the handler behind it. */
export interface DurableStreamsApp {
  /** Serve its `fetch`, or mount it with `app.route('/prefix', streams.app)` behind middleware of your own. */
  readonly app: Hono
  readonly handler: StreamHandler
}

/**
 * Durable streams as a Hono app, for every runtime that Hono knows. It depends on nothing but web standards, so
 * that it loads in workers, too.
 */
export function createHonoApp(options: HandlerOptions, runtime: Runtime = webRuntime): DurableStreamsApp {
  const handler = new StreamHandler(options, runtime)
  return { app: mountHandler(handler), handler }
}

/** The Hono app of a handler. */
export function mountHandler(handler: StreamHandler): Hono {
  const app = new Hono()
  const { basePath } = handler.settings
  app.all('/health', (c) => respond(handler, c, basePath))
  app.all(`${basePath}/*`, (c) => respond(handler, c, routePath(c).replace(/\/\*$/, '')))
  app.all('*', (c) => respond(handler, c, basePath))
  return app
}

async function respond(handler: StreamHandler, c: Context, basePath: string): Promise<Response> {
  try {
    return toResponse(await handler.handle(new WebRequest(c.req.raw, rawTarget(c)), basePath))
  } catch (error) {
    if (!(error instanceof ClientGone)) handler.settings.onFault(error)
    return new Response(null, { status: 400 })
  }
}

/**
 * The target as the client sent it. A Request holds a normalised URL, in which `/a/%2e%2e/b` has become `/b`; under
 * @hono/node-server the request line is still there. It is used, less the prefix that the application may have
 * taken off the path, unless the application has rewritten the path altogether.
 */
function rawTarget(c: Context): string {
  const { url } = c.req.raw
  const normalised = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  const env = c.env as { incoming?: { url?: string } } | undefined
  const line = env?.incoming?.url
  if (line === undefined || line === normalised) return normalised
  const sent = toOriginForm(line)
  if (!URL.canParse(`http://x${sent}`)) return normalised
  const whole = new URL(`http://x${sent}`).pathname
  const here = new URL(url).pathname
  const prefix = whole.endsWith(here) ? whole.slice(0, whole.length - here.length) : null
  return prefix !== null && sent.startsWith(prefix) ? sent.slice(prefix.length) : normalised
}
