import type { Context } from 'hono'
import type { HandlerOptions } from '../http/options.js'
import type { Runtime } from '../http/handler.js'
import { BodyError } from '../http/exchange.js'
import { Hono } from 'hono'
import { StreamHandler } from '../http/handler.js'
import { WebRequest, toResponse } from './web-exchange.js'
import { routePath } from 'hono/route'
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
    if (!(error instanceof BodyError)) handler.settings.onFault(error)
    return new Response(null, { status: 400 })
  }
}

/**
 * The target as the client sent it. A Request holds a normalised URL, in which `/a/%2e%2e/b` has become `/b`; under
 * @hono/node-server the request line is still there, and is used unless the application has rewritten the path.
 */
function rawTarget(c: Context): string {
  const { url } = c.req.raw
  const normalised = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  const env = c.env as { incoming?: { url?: string } } | undefined
  const sent = env?.incoming?.url
  if (sent === undefined || sent === normalised) return normalised
  return URL.canParse(sent, 'http://x') && new URL(`http://x${sent}`).pathname === new URL(url).pathname
    ? sent
    : normalised
}
