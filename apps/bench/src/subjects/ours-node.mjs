import { startOurs } from './start-ours.mjs'

await startOurs('node')
