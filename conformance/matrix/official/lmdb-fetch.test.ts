import { runOfficialSuite } from './official-suite.js'

runOfficialSuite('lmdb', 'fetch')
