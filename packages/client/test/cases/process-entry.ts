import { runCases } from './run-cases.js'

/** Node, Bun and Deno: the addresses are arguments, the results one line of JSON. */
const [streams, proxy] = process.argv.slice(-2)
console.log(JSON.stringify(await runCases({ streams: streams!, proxy: proxy! })))
process.exit(0)
