import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { producerHeaders } from '../test-stream.js'
import { H, JSON_TYPE } from '../wire-names.js'

export const producerConcurrencyCases: readonly ServerCase[] = defineCases('5.2.1', [
  {
    id: '5.2.1/racing-duplicates-store-one-copy',
    level: 'MUST',
    title: 'of one tuple sent many times at once, one answers 200 and the others 204',
    async run(ctx) {
      const stream = await ctx.create()
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'once')),
      )
      for (const answer of answers) answer.expectStatus(200, 204)
      equal(answers.filter((answer) => answer.status === 200).length, 1, 'the number of 200 answers')
      equal((await stream.readAll()).text, 'once', 'the content')
    },
  },
  {
    id: '5.2.1/out-of-order-requests-settle-in-order',
    level: 'MUST',
    title: 'sequences sent at once, each repeated while it answers 409, end up stored once and in order',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const sequences = [7, 3, 0, 5, 1, 6, 2, 4]
      await Promise.all(
        sequences.map((seq) =>
          ctx.eventually(async () => {
            const answer = await stream.produce({ id: 'p', epoch: 0, seq }, String(seq))
            if (answer.status === 409) answer.expectHeader(H.producerReceivedSeq, String(seq))
            answer.expectStatus(200)
          }, 5000),
        ),
      )
      equal((await stream.readAll()).messages, [0, 1, 2, 3, 4, 5, 6, 7], 'the messages')
    },
  },
  {
    id: '5.2.1/pipelined-requests-are-all-accepted',
    level: 'MUST',
    needs: ['socket'],
    title: 'consecutive sequences pipelined on one connection are all accepted, in order',
    async run(ctx) {
      const stream = await ctx.create()
      const requests = Array.from({ length: 8 }, (_, seq) => {
        const headers = {
          Host: ctx.baseUrl.host,
          [H.contentType]: stream.type,
          'Content-Length': '1',
          ...producerHeaders({ id: 'p', epoch: 0, seq }),
          ...(seq === 7 ? { Connection: 'close' } : {}),
        }
        const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
        return `POST ${stream.path} HTTP/1.1\r\n${fields.join('')}\r\n${seq}`
      })
      const described = { method: 'POST', target: stream.path, headers: { note: 'pipelined' } }
      const answers = await ctx.raw(described, { payload: requests.join('') })
      equal(answers.length, 8, 'the number of responses')
      for (const [seq, answer] of answers.entries()) {
        answer.expectStatus(200).expectHeader(H.producerSeq, String(seq))
      }
      equal((await stream.readAll()).text, '01234567', 'the content')
    },
  },
  {
    id: '5.2.1/racing-epochs-let-the-newer-win',
    level: 'MUST',
    title: 'epochs that race leave the highest in force, and what was fenced is not stored',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const epochs = [3, 1, 4, 0, 2, 5]
      const answers = await Promise.all(
        epochs.map(async (epoch) => ({
          epoch,
          answer: await stream.produce({ id: 'p', epoch, seq: 0 }, String(epoch)),
        })),
      )
      for (const { answer } of answers) answer.expectStatus(200, 403)
      const accepted = answers.filter(({ answer }) => answer.status === 200).map(({ epoch }) => epoch)
      const stored = (await stream.readAll()).messages
      equal(stored, [...accepted].sort(), 'the accepted epochs, each above the one before it')
      equal(stored.at(-1), 5, 'the last epoch')
    },
  },
  {
    id: '5.2.1/producers-share-a-stream',
    level: 'MUST',
    title: 'producers that write at once each keep their own order, with nothing lost or repeated',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const ids = ['a', 'b', 'c', 'd']
      await Promise.all(
        ids.map(async (id) => {
          for (let seq = 0; seq < 6; seq += 1) {
            const body = JSON.stringify(`${id}${seq}`)
            const [first, second] = await Promise.all([
              stream.produce({ id, epoch: 0, seq }, body),
              stream.produce({ id, epoch: 0, seq }, body),
            ])
            equal(
              [first.status, second.status].sort(),
              [200, 204],
              'the statuses of a doubled append',
              first.describe(),
            )
          }
        }),
      )
      const messages = (await stream.readAll()).messages as string[]
      for (const id of ids) {
        const own = messages.filter((message) => message.startsWith(id))
        equal(
          own,
          Array.from({ length: 6 }, (_, seq) => `${id}${seq}`),
          `the messages of producer ${id}`,
        )
      }
    },
  },
])
