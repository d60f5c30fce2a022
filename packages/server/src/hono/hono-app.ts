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

/** The status that logs use for a client which is gone; it never reaches one. */
const NOBODY_THERE = 499

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
  app.all('/health', (c) => respond(handler, c, basePath, '/health'))
  app.all(`${basePath}/*`, (c) => respond(handler, c, mountedAt(c)))
  app.all('*', (c) => respond(handler, c, basePath))
  return app
}

/**
 * Where the matched route has the base path in this request's path. The route's pattern tells how many segments come
 * before the stream, because an application may have mounted the app under parameters such as `/:tenant`.
 */
function mountedAt(c: Context): string {
  const { path } = c.req
  let end = 0
  for (const part of routePath(c).split('/'))
    if (part !== '' && part !== '*') end = path.indexOf('/', end + 1)
  return end === -1 ? path : path.slice(0, end)
}

/** @param target the request line's target, where the route does not already tell what is meant */
async function respond(
  handler: StreamHandler,
  c: Context,
  basePath: string,
  target: string = rawTarget(c),
): Promise<Response> {
  try {
    const reply = await handler.handle(
      new WebRequest(c.req.raw, target, nodeBindings(c).incoming !== undefined),
      basePath,
    )
    const { outgoing } = nodeBindings(c)
    return toResponse(reply, outgoing && (() => void outgoing.destroy()))
  } catch (error) {
    if (error instanceof ClientGone) return new Response(null, { status: NOBODY_THERE })
    handler.settings.onFault(error)
    return new Response(null, { status: 500 })
  }
}

/** What @hono/node-server tells of the exchange, as far as it is of use; nothing under other runtimes. */
interface NodeBindings {
  readonly incoming?: { readonly url?: string }
  readonly outgoing?: { destroy(): unknown }
}

function nodeBindings(c: Context): NodeBindings {
  return (c.env as NodeBindings | undefined) ?? {}
}

/**
 * The target as the client sent it. A Request holds a normalised URL, in which `/a/%2e%2e/b` has become `/b`; under
 * @hono/node-server the request line is still there. It is used, less the prefix that the application may have
 * taken off the path, unless the application has rewritten the path altogether.
 */
function rawTarget(c: Context): string {
  const { url } = c.req.raw
  const normalised = url.slice(url.indexOf('/', url.indexOf('://') + 3))
  const line = nodeBindings(c).incoming?.url
  if (line === undefined || line === normalised) return normalised
  const sent = toOriginForm(line)
  if (!URL.canParse(`http://x${sent}`)) return normalised
  const whole = new URL(`http://x${sent}`).pathname
  const here = new URL(url).pathname
  const prefix = whole.endsWith(here) ? whole.slice(0, whole.length - here.length) : null
  return prefix !== null && sent.startsWith(prefix) ? sent.slice(prefix.length) : normalised
}
