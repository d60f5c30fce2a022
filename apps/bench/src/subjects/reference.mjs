import { DurableStreamTestServer } from '@durable-streams/server'
import { makeScratchDirectory } from './scratch-directory.mjs'
import { readSettings, serveSubject } from './serve-subject.mjs'

const { store } = readSettings()
const server = new DurableStreamTestServer({
  host: '127.0.0.1',
  port: 0,
  longPollTimeout: 20_000,
  ...(store === 'file' ? { dataDir: makeScratchDirectory() } : {}),
})
const url = await server.start()
serveSubject(Number(new URL(url).port))
