import { equal } from '../assertions.js'
import type { CaseContext } from '../case-context.js'
import { defineCases, type ServerCase } from '../server-case.js'
import type { TestStream } from '../test-stream.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

function postHead(ctx: CaseContext, stream: TestStream, fields: readonly string[]): string {
  const lines = [
    `POST ${stream.path} HTTP/1.1`,
    `Host: ${ctx.baseUrl.host}`,
    `${H.contentType}: ${stream.type}`,
  ]
  return [...lines, ...fields, '', ''].join('\r\n')
}

const described = (
  stream: TestStream,
): { method: string; target: string; headers: Record<string, string> } => ({
  method: 'POST',
  target: stream.path,
  headers: { note: 'over a raw connection' },
})

export const appendTransportCases: readonly ServerCase[] = defineCases('5.2', [
  {
    id: '5.2/pipelined-appends-keep-their-order',
    level: 'MUST',
    needs: ['socket'],
    title: 'appends pipelined on one connection are stored and answered in order',
    async run(ctx) {
      const stream = await ctx.create()
      const requests = Array.from({ length: 8 }, (_, index) => {
        const last = index === 7 ? ['Connection: close'] : []
        return `${postHead(ctx, stream, ['Content-Length: 2', ...last])}${index};`
      })
      const answers = await ctx.raw(described(stream), { payload: requests.join('') })
      equal(answers.length, 8, 'the number of responses')
      for (const answer of answers) answer.expectStatus(204)
      equal((await stream.readAll()).text, '0;1;2;3;4;5;6;7;', 'the content')
      const offsets = answers.map((answer) => answer.nextOffset)
      equal(offsets, [...offsets].sort(), 'the offsets in the order of the responses')
    },
  },
  {
    id: '5.2/cut-body-stores-nothing',
    level: 'MUST',
    needs: ['socket'],
    title: 'a body that ends before its announced length stores nothing and closes nothing',
    async run(ctx) {
      const stream = await ctx.create()
      const payload = `${postHead(ctx, stream, ['Content-Length: 100', `${H.closed}: true`])}only a part`
      await ctx.raw(described(stream), { payload, then: 'cut' })
      await ctx.sleep(50)
      ;(await stream.get()).expectStatus(200).expectBody('').expectNoHeader(H.closed)
      await stream.append('whole')
      equal((await stream.readAll()).text, 'whole', 'the content')
    },
  },
  {
    id: '5.2/cut-chunked-body-stores-nothing',
    level: 'MUST',
    needs: ['socket'],
    title: 'a chunked body without its last chunk stores nothing and leaves no producer state',
    async run(ctx) {
      const stream = await ctx.create()
      const producer = [`${H.producerId}: p`, `${H.producerEpoch}: 0`, `${H.producerSeq}: 0`]
      const payload = `${postHead(ctx, stream, ['Transfer-Encoding: chunked', ...producer])}4\r\npart\r\n`
      await ctx.raw(described(stream), { payload, then: 'cut' })
      await ctx.sleep(50)
      ;(await stream.get()).expectStatus(200).expectBody('')
      ;(await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'whole')).expectStatus(200)
      equal((await stream.readAll()).text, 'whole', 'the content')
    },
  },
  {
    id: '5.2/cut-put-creates-nothing',
    level: 'MUST',
    needs: ['socket'],
    title: 'a PUT whose body is cut off leaves no stream behind',
    async run(ctx) {
      const stream = ctx.stream()
      const payload = postHead(ctx, stream, ['Content-Length: 100']).replace('POST', 'PUT')
      await ctx.raw(described(stream), { payload: `${payload}part`, then: 'cut' })
      await ctx.sleep(50)
      ;(await stream.head()).expectStatus(404)
    },
  },
  {
    id: '5.2/announced-body-is-invited',
    level: 'SHOULD',
    needs: ['socket'],
    title: 'a POST with Expect: 100-continue is told to continue and is stored once',
    async run(ctx) {
      const stream = await ctx.create()
      const fields = ['Content-Length: 3', 'Expect: 100-continue', 'Connection: close']
      const answers = await ctx.raw(described(stream), { payload: `${postHead(ctx, stream, fields)}abc` })
      equal(
        answers.map((answer) => answer.status),
        [100, 204],
        'the statuses on the connection',
      )
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '5.2/chunk-borders-mean-nothing',
    level: 'MUST',
    needs: ['socket'],
    title: 'chunk borders inside a character or a JSON token leave no trace',
    async run(ctx) {
      const stream = await ctx.create(JSON_TYPE)
      const bytes = Buffer.from('[{"é":12345},"€"]', 'utf8')
      const chunks = [...bytes].flatMap((byte) => [
        Buffer.from('1\r\n'),
        Buffer.from([byte]),
        Buffer.from('\r\n'),
      ])
      const head = postHead(ctx, stream, ['Transfer-Encoding: chunked', 'Connection: close'])
      const payload = Buffer.concat([Buffer.from(head), ...chunks, Buffer.from('0\r\n\r\n')])
      const [answer] = await ctx.raw(described(stream), { payload })
      equal(answer?.status, 204, 'the status of the chunked append')
      equal((await stream.readAll()).messages, [{ é: 12345 }, '€'], 'the messages')
    },
  },
  {
    id: '5.2/unknown-method-answers-405',
    level: 'MAY',
    title: 'a method that streams do not have answers 405 and names those that they have',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const refused = await ctx.request('PATCH', stream.path, { body: 'x' })
      refused.expectStatus(405)
      const allowed = refused
        .requireHeader('Allow')
        .toUpperCase()
        .split(/\s*,\s*/)
      for (const method of ['PUT', 'POST', 'GET', 'HEAD', 'DELETE']) {
        if (!allowed.includes(method)) refused.fail(`expected Allow to name ${method}`)
      }
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
])
