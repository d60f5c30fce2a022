import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('memory', 'hono')
