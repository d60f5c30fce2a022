import { runCasesOf } from './client-cases.js'

runCasesOf('ds-client', 'scripted-server')
