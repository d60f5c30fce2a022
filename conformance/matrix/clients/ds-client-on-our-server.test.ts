import { runCasesOf } from './client-cases.js'

runCasesOf('ds-client', 'our-server')
