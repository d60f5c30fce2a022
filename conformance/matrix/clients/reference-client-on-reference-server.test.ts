import { runCasesOf } from './client-cases.js'

runCasesOf('reference-client', 'reference-server')
