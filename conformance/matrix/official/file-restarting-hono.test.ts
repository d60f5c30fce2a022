import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('file-restarting', 'hono')
