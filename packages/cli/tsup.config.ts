import type { Options } from 'tsup'

const options: Options = { entry: ['src/main.ts'], format: 'esm', target: 'es2022', dts: false, clean: true }
export default options
