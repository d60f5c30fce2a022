import { runCases } from './server-cases.js'

runCases('file-restarting', 'node')
