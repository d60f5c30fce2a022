import { DurableStreamTestServer } from '@durable-streams/server'
import { serveSubject } from './serve-subject.mjs'

const server = new DurableStreamTestServer({ host: '127.0.0.1', port: 0, longPollTimeout: 20_000 })
const url = await server.start()
serveSubject(Number(new URL(url).port))
