import type { Options } from 'tsup'

const options: Options = {
  entry: {
    index: 'src/index.ts',
    hono: 'src/hono.ts',
    webhook: 'src/webhook.ts',
    main: 'src/standalone/main.ts',
  },
  format: 'esm',
  target: 'es2022',
  dts: true,
  clean: true,
}
export default options
