import { runCases } from './server-cases.js'

runCases('memory', 'fetch')
