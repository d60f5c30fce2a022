import type { Options } from 'tsup'

const options: Options = {
  entry: { index: 'src/index.ts', 'verify-command': 'src/verify-command.ts' },
  format: 'esm',
  target: 'es2022',
  dts: true,
  clean: true,
}
export default options
