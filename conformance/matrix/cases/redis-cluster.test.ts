import { runCases } from './server-cases.js'

runCases('redis-cluster', 'node')
