#!/usr/bin/env node
// An adapter for client packages with the API of @durable-streams/client, as @ds/client is:
//   node npm-client.mjs @ds/client
// The package is looked for beside this file first, then from the folder that the command is run in.
import { createInterface } from 'node:readline'
import { createAdapter } from './npm-client-commands.mjs'
import { importPackage } from './import-package.mjs'

const name = process.argv[2] ?? '@ds/client'
const client = await importPackage(name)
if (client === null) {
  console.error(`${name} is not installed here: npm install ${name}`)
  process.exit(1)
}
const adapter = createAdapter(name, client)

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue
  const command = JSON.parse(line)
  const result = await adapter.handle(command)
  process.stdout.write(`${JSON.stringify(result)}\n`)
  if (command.type === 'shutdown') break
}
process.exit(0)
