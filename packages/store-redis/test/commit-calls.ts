import type { RedisOptions } from 'ioredis'
import { COMMIT_SCRIPT } from '../src/scripts/commit.js'
import { Redis } from 'ioredis'
import { createHash } from 'node:crypto'

const COMMIT = createHash('sha1').update(COMMIT_SCRIPT).digest('hex')

/** Counts the calls of the script that can do everything, for tests of what need not take it. */
export class CommitCalls {
  #calls = 0

  /** Makes the connections of a store that is to be watched. */
  readonly connect = (options: RedisOptions): Redis => {
    const client = new Redis({ ...options, replyMapping: 'legacy' })
    const send = client.sendCommand.bind(client)
    client.sendCommand = (command, stream) => {
      if (command.args[0] === COMMIT) this.#calls++
      return send(command, stream)
    }
    return client
  }

  async during(work: () => Promise<unknown>): Promise<number> {
    const before = this.#calls
    await work()
    return this.#calls - before
  }
}
