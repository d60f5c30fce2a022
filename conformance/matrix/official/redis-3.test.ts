import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('redis-3', 'node')
