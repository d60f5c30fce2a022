#!/usr/bin/env node
import { verifyDirectory } from './verify-directory.js'

const [directory] = process.argv.slice(2)
if (directory === undefined) {
  console.error('usage: ds-verify-store DIRECTORY')
  process.exitCode = 2
} else {
  try {
    const { streams, bytes, commits, problems } = await verifyDirectory(directory)
    for (const problem of problems) console.log(`problem: ${problem}`)
    console.log(
      `${streams} streams with ${bytes} bytes, ${commits} commits in the journal, ${problems.length} problems`,
    )
    process.exitCode = problems.length === 0 ? 0 : 1
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 2
  }
}
