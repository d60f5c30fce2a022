import { equal } from '../assertions.js'
import type { CaseContext } from '../case-context.js'
import type { Exchange } from '../exchange.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, JSON_TYPE, TEXT } from '../wire-names.js'

const PROTOCOL_REQUEST_HEADERS = [
  H.contentType,
  H.ifNoneMatch,
  H.closed,
  H.seq,
  H.ttl,
  H.expiresAt,
  H.forkedFrom,
  H.forkOffset,
  H.forkSubOffset,
  H.producerId,
  H.producerEpoch,
  H.producerSeq,
]

const PROTOCOL_RESPONSE_HEADERS = [
  H.nextOffset,
  H.upToDate,
  H.cursor,
  H.closed,
  H.sseEncoding,
  H.ttl,
  H.expiresAt,
  H.producerEpoch,
  H.producerSeq,
  H.producerExpectedSeq,
  H.producerReceivedSeq,
  H.etag,
  H.location,
]

function names(list: string): string[] {
  return list.toLowerCase().split(/\s*,\s*/)
}

/** One answer of every kind that a stream gives. */
async function allKinds(ctx: CaseContext): Promise<Exchange[]> {
  const stream = ctx.stream()
  const created = await stream.put({ body: 'abc' })
  const etag = (await stream.get()).requireHeader(H.etag)
  const json = await ctx.create(JSON_TYPE)
  const events = await stream.sse('-1')
  events.close()
  return [
    created,
    await stream.put(),
    await stream.put({ headers: { [H.contentType]: JSON_TYPE } }),
    await stream.put({ headers: { [H.ttl]: 'x' } }),
    await stream.post('def'),
    await stream.post(''),
    await json.post('{"cut":'),
    await stream.produce({ id: 'p', epoch: 1, seq: 0 }, 'x'),
    await stream.produce({ id: 'p', epoch: 0, seq: 0 }, 'x'),
    await stream.produce({ id: 'p', epoch: 1, seq: 7 }, 'x'),
    await stream.get(),
    await stream.get({ offset: 'now' }),
    await stream.get({ offset: 'not-an-offset' }),
    await stream.longPoll('-1'),
    await ctx.request('GET', stream.path, { headers: { [H.ifNoneMatch]: etag } }),
    events.head,
    await stream.head(),
    await stream.close(),
    await stream.post('x'),
    await stream.delete(),
    await stream.get(),
    await stream.head(),
    await stream.delete(),
    await ctx.request('PATCH', stream.path),
  ]
}

export const securityCases: readonly ServerCase[] = defineCases('12', [
  {
    id: '12/nothing-is-sniffed',
    level: 'SHOULD',
    title: 'every response, errors included, carries X-Content-Type-Options: nosniff',
    async run(ctx) {
      for (const answer of await allKinds(ctx)) answer.expectHeader('X-Content-Type-Options', 'nosniff')
    },
  },
  {
    id: '12/embedding-is-controlled',
    level: 'SHOULD',
    title: 'reads carry an explicit Cross-Origin-Resource-Policy',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const policy = /^(?:cross-origin|same-origin|same-site)$/
      for (const query of [{}, { offset: 'now' }, { offset: '-1', live: 'long-poll' }]) {
        ;(await stream.get(query)).expectStatus(200).expectHeader('Cross-Origin-Resource-Policy', policy)
      }
      const events = await stream.sse('-1')
      events.head.expectHeader('Cross-Origin-Resource-Policy', policy)
    },
  },
  {
    id: '12/preflight-allows-the-protocol',
    level: 'SHOULD',
    title: 'a preflight allows every method and every request header of the protocol',
    async run(ctx) {
      const headers = {
        Origin: 'https://app.example',
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'stream-closed,if-none-match',
      }
      const answer = await ctx.request('OPTIONS', ctx.newPath(), { headers })
      answer
        .expectStatus(200, 204)
        .expectHeader('Access-Control-Allow-Origin', /^(?:\*|https:\/\/app\.example)$/)
      const methods = names(answer.requireHeader('Access-Control-Allow-Methods'))
      for (const method of ['get', 'head', 'put', 'post', 'delete']) {
        if (!methods.includes(method)) answer.fail(`expected the preflight to allow ${method}`)
      }
      const allowed = names(answer.requireHeader('Access-Control-Allow-Headers'))
      for (const name of PROTOCOL_REQUEST_HEADERS) {
        if (!allowed.includes(name.toLowerCase())) answer.fail(`expected the preflight to allow ${name}`)
      }
    },
  },
  {
    id: '12/responses-expose-the-protocol',
    level: 'SHOULD',
    title: 'responses to other origins expose every response header of the protocol, errors included',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      const origin = { Origin: 'https://app.example' }
      const answers = [
        await stream.get({}, origin),
        await stream.post('x', { headers: origin }),
        await stream.post('', { headers: origin }),
        await ctx.stream().get({}, origin),
      ]
      for (const answer of answers) {
        answer.expectHeader('Access-Control-Allow-Origin', /^(?:\*|https:\/\/app\.example)$/)
        const exposed = names(answer.requireHeader('Access-Control-Expose-Headers'))
        for (const name of PROTOCOL_RESPONSE_HEADERS) {
          if (!exposed.includes(name.toLowerCase())) answer.fail(`expected the response to expose ${name}`)
        }
      }
    },
  },
  {
    id: '12/appends-are-held-to-the-declared-type',
    level: 'MUST',
    title: 'no content type but that of the stream gets in, by append or by closing append',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      for (const type of [JSON_TYPE, 'text/html', 'text/plainx', 'text', 'text/plain, text/html']) {
        ;(await stream.post('<script>', { headers: { [H.contentType]: type } })).expectStatus(400, 409)
        const closing = { [H.contentType]: type, [H.closed]: 'true' }
        ;(await stream.post('<script>', { headers: closing })).expectStatus(400, 409)
      }
      equal((await stream.readAll()).text, 'abc', 'the content')
    },
  },
  {
    id: '12/errors-do-not-reveal-the-inside',
    level: 'SHOULD',
    title: 'error bodies carry neither stack traces nor file paths',
    async run(ctx) {
      for (const answer of await allKinds(ctx)) {
        if (answer.status < 400) continue
        if (/node_modules|\bat [\w.<>]+ \(|\.(?:ts|js|mjs):\d+/.test(answer.text))
          answer.fail('expected no trace in an error')
      }
    },
  },
  {
    id: '12/errors-are-json-with-a-code',
    level: 'MAY',
    title: 'the body of an error is JSON with a code and a message',
    async run(ctx) {
      for (const answer of await allKinds(ctx)) {
        if (answer.status < 400 || answer.request.method === 'HEAD') continue
        answer.expectMediaType(JSON_TYPE)
        const { error } = answer.json as { error?: { code?: unknown; message?: unknown } }
        if (typeof error?.code !== 'string' || typeof error.message !== 'string') {
          answer.fail('expected an error with a code and a message')
        }
      }
    },
  },
])
