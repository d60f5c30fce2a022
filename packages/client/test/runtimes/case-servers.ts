import { DurableStreamTestServer } from '@ds/server'
import { FaultProxy } from './fault-proxy.js'
import { DurableStreamTestServer as ReferenceServer } from '@durable-streams/server'

/** What all runtimes are tested against. */
export const SERVERS = ['our server', 'the reference server'] as const

export interface RunningServer {
  readonly streams: string
  readonly proxy: string
  stop(): Promise<void>
}

const LONG_POLL_MS = 1_000

/** A server in memory, and the proxy with faults before it. */
export async function startServer(name: (typeof SERVERS)[number]): Promise<RunningServer> {
  const options = { port: 0, host: '127.0.0.1', longPollTimeout: LONG_POLL_MS }
  const server = name === 'our server' ? new DurableStreamTestServer(options) : new ReferenceServer(options)
  const base = await server.start()
  const proxy = new FaultProxy(base)
  const proxyUrl = await proxy.start()
  return {
    streams: `${base}/v1/stream`,
    proxy: proxyUrl,
    stop: async () => {
      await proxy.stop()
      await server.stop()
    },
  }
}
