import { runCasesOf } from './client-cases.js'

runCasesOf('ds-client', 'reference-server')
