// An adapter for tests, which does what its argument says once it has answered `init`.
import { createInterface } from 'node:readline'

const [behaviour = 'honest'] = process.argv.slice(2)
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`)
const init = { type: 'init', success: true, clientName: 'test', clientVersion: '1', features: { sse: false } }

const BEHAVIOURS = {
  // As small as the reference's documentation allows: it knows nothing but how to refuse.
  honest: ({ type }) =>
    say({ type: 'error', success: false, commandType: type, errorCode: 'NOT_SUPPORTED', message: 'no' }),
  dies: () => {
    process.stderr.write('the reason of its end\n')
    process.exit(3)
  },
  babbles: () => process.stdout.write('Hello!\n'),
  hangs: () => undefined,
  lies: ({ type }) =>
    say({ type, success: true, status: 200, chunks: [], offset: '0', contentType: 'text/plain' }),
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line)
  if (command.type === 'shutdown') break
  if (command.type === 'init') say(init)
  else BEHAVIOURS[behaviour](command)
}
