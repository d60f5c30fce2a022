import { binaryOf } from './binaries.js'
import { describeRuntime } from './describe-runtime.js'
import { processRuntime } from './process-runtime.js'

describeRuntime('Deno', () =>
  processRuntime(binaryOf('deno'), ['run', '--no-config', '--allow-net', '--quiet']),
)
