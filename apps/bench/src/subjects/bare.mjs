import { createServer } from 'node:http'
import { answerEverything } from './bare-answer.mjs'
import { fanOutEverything } from './bare-fan-out.mjs'
import { sendPages } from './bare-pages.mjs'
import { readSettings, serveSubject } from './serve-subject.mjs'

/** The least that a node:http server can do for each kind of row: the ceiling for everyone else. */
const listeners = {
  answer: answerEverything,
  pages: sendPages,
  'fan-out': fanOutEverything,
}

const settings = readSettings()
const server = createServer(await listeners[settings.bareMode](settings))
server.listen(0, '127.0.0.1', () => serveSubject(server.address().port))
