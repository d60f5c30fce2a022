import { binaryOf } from './binaries.js'
import { describeRuntime } from './describe-runtime.js'
import { processRuntime } from './process-runtime.js'

describeRuntime('Bun', () => processRuntime(binaryOf('bun'), ['run']))
