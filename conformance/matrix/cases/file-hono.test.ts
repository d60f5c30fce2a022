import { runCases } from './server-cases.js'

runCases('file', 'hono')
