import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('file', 'fetch')
