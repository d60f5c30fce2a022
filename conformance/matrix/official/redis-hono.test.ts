import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('redis', 'hono')
