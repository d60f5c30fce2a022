import { runCases } from './server-cases.js'

runCases('lmdb', 'fetch')
