import { runCasesOf } from './client-cases.js'

runCasesOf('reference-client', 'our-server')
