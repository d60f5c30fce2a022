import { describeRuntime } from './describe-runtime.js'
import { processRuntime } from './process-runtime.js'

describeRuntime('Node', () => processRuntime(process.execPath, []))
