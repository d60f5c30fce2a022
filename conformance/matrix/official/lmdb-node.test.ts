import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('lmdb', 'node')
