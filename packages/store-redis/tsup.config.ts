import type { Options } from 'tsup'

const options: Options = { entry: ['src/index.ts'], format: 'esm', target: 'es2022', dts: true, clean: true }
export default options
