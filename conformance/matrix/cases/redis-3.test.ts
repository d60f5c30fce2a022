import { runCases } from './server-cases.js'

runCases('redis-3', 'node')
