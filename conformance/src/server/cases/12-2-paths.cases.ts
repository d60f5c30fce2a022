import { equal } from '../assertions.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { TestStream } from '../test-stream.js'
import { H, TEXT } from '../wire-names.js'

/** Ways to write a path that would lead from a directory beside the victim to the victim, if it were resolved. */
function detours(directory: string, name: string): string[] {
  return [
    `${directory}/x/../${name}`,
    `${directory}/./${name}`,
    `${directory}/x/%2e%2e/${name}`,
    `${directory}/x/%2E%2E/${name}`,
    `${directory}/x/.%2e/${name}`,
    `${directory}/x/%2e./${name}`,
    `${directory}/%2e/${name}`,
    `${directory}//${name}`,
    `${directory}/x//../${name}`,
    `${directory}/x/..%2f${name}`,
    `${directory}/x%2f..%2f${name}`,
    `${directory}%2f${name}`,
    `${directory}%2F${name}`,
    `${directory}/x\\..\\${name}`,
    `${directory}/x%5c..%5c${name}`,
    `${directory}/%5c${name}`,
    `${directory}/x/%252e%252e/${name}`,
    `${directory}/${name}%00`,
    `${directory}/${name}%00.txt`,
    `${directory}/${name}/`,
    `${directory}/${name}/.`,
    `${directory}/${name}/x/..`,
    `${directory}/${name};x=1`,
    `${directory}/${name}%20`,
    `${directory}/${name}.`,
    `//${directory.slice(1)}/${name}`,
    `/x/..${directory}/${name}`,
    `/%2e%2e${directory}/${name}`,
  ]
}

function split(path: string): { readonly directory: string; readonly name: string } {
  const at = path.lastIndexOf('/')
  return { directory: path.slice(0, at), name: path.slice(at + 1) }
}

/** Spellings that name no stream in their own right, and that a server does best to refuse. */
function refusable(directory: string): string[] {
  return [
    `${directory}/a/../b`,
    `${directory}/./b`,
    `${directory}/a/%2e%2e/b`,
    `${directory}/a/.%2E/b`,
    `${directory}//b`,
    `${directory}/a//b`,
    `${directory}/a%2Fb`,
    `${directory}/a%00b`,
    `${directory}/a%ffb`,
    `${directory}/a%c3`,
    `${directory}/a%zz`,
    `${directory}/a%`,
  ]
}

export const pathCases: readonly ServerCase[] = defineCases('12.2', [
  {
    id: '12.2/detours-never-write-to-another-stream',
    level: 'MUST',
    needs: ['socket'],
    title: 'an append, a close, a PUT or a DELETE by a detour never changes the stream that it leads to',
    async run(ctx) {
      const victim = await ctx.create(TEXT, { body: 'untouched' })
      const { directory, name } = split(victim.path)
      const headers = { [H.contentType]: TEXT }
      for (const target of detours(directory, name)) {
        const answers = [
          await ctx.rawRequest('POST', target, { headers, body: 'intruder' }),
          await ctx.rawRequest('POST', target, { headers: { [H.closed]: 'true', 'Content-Length': '0' } }),
          await ctx.rawRequest('PUT', target, { headers, body: 'intruder' }),
          await ctx.rawRequest('DELETE', target),
        ]
        for (const answer of answers) if (answer.status >= 500) answer.fail('expected no server error')
        const read = await victim.get()
        read.expectStatus(200)
        if (read.text !== 'untouched' || read.header(H.closed) !== null)
          read.fail(`the stream was changed by ${target}`)
      }
    },
  },
  {
    id: '12.2/detours-never-read-another-stream',
    level: 'MUST',
    needs: ['socket'],
    title: 'a read by a detour never returns the stream that it leads to',
    async run(ctx) {
      const victim = await ctx.create(TEXT, { body: 'secret' })
      const { directory, name } = split(victim.path)
      for (const target of detours(directory, name)) {
        for (const method of ['GET', 'HEAD']) {
          const answer = await ctx.rawRequest(method, target)
          if (answer.status < 400 || answer.text.includes('secret')) answer.fail('expected a refusal')
          if (answer.status >= 500) answer.fail('expected no server error')
        }
      }
    },
  },
  {
    id: '12.2/detours-never-fork-another-stream',
    level: 'MUST',
    title: 'a fork from a path with a detour never inherits the stream that it leads to',
    async run(ctx) {
      const victim = await ctx.create(TEXT, { body: 'secret' })
      const { directory, name } = split(victim.path)
      for (const source of detours(directory, name)) {
        const fork = ctx.stream(TEXT, 'fork')
        const answer = await new TestStream(ctx, source, TEXT).forkInto(fork)
        answer.expectStatus(400, 404)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '12.2/malformed-paths-answer-400',
    level: 'MAY',
    needs: ['socket'],
    title: 'empty and dot segments, encoded slashes, NUL and broken escapes in a path answer 400',
    async run(ctx) {
      const headers = { [H.contentType]: TEXT }
      for (const target of refusable(ctx.newPath())) {
        ;(await ctx.rawRequest('PUT', target, { headers })).expectStatus(400)
        ;(await ctx.rawRequest('GET', target)).expectStatus(400)
      }
    },
  },
  {
    id: '12.2/equivalent-escapes-name-one-stream',
    level: 'SHOULD',
    needs: ['socket'],
    title: 'escapes of plain letters and the letter case of hex digits do not make another stream',
    async run(ctx) {
      const directory = ctx.newPath()
      const stream = new TestStream(ctx, `${directory}/ab-c%C3%A9`, TEXT)
      ;(await stream.put({ body: 'one' })).expectStatus(201)
      for (const spelling of [
        `${directory}/%61b-c%C3%A9`,
        `${directory}/ab%2Dc%c3%a9`,
        `${directory}/a%62-c%c3%A9`,
      ]) {
        ;(await ctx.rawRequest('GET', spelling)).expectStatus(200).expectBody('one')
        ;(await ctx.rawRequest('PUT', spelling, { headers: { [H.contentType]: TEXT } })).expectStatus(200)
      }
    },
  },
  {
    id: '12.2/absolute-targets-name-the-same-stream',
    level: 'SHOULD',
    needs: ['socket'],
    title: 'a request target in absolute form names the stream of its path',
    async run(ctx) {
      const stream = await ctx.create(TEXT, { body: 'abc' })
      ;(await ctx.rawRequest('GET', `${stream.url}?offset=-1`)).expectStatus(200).expectBody('abc')
    },
  },
  {
    id: '12.2/ordinary-names-are-accepted',
    level: 'MUST',
    title: 'dots within a segment, reserved words and any UTF-8 make streams of their own',
    async run(ctx) {
      const directory = ctx.newPath()
      // prettier-ignore
      const segments = [
        'a..b', '...', 'file.txt', '.hidden', 'a%20b', 'a+b', '%E2%82%AC', 'a:b', 'a@b', "it's", 'a,b', 'a~b',
        '__proto__', 'constructor', 'toString', 'hasOwnProperty', 'null', 'undefined', 'A', 'a', '-1', 'now',
        'soft-deleted', 'not%20found', 'already%20exists', 'x'.repeat(200),
      ]
      for (const segment of segments) {
        const stream = new TestStream(ctx, `${directory}/${segment}`, TEXT)
        ;(await stream.get()).expectStatus(404)
        ;(await stream.put({ body: segment })).expectStatus(201)
      }
      for (const segment of segments) {
        const stream = new TestStream(ctx, `${directory}/${segment}`, TEXT)
        equal((await stream.readAll()).text, segment, `the content of ${segment}`)
      }
    },
  },
  {
    id: '12.2/long-paths-are-no-server-error',
    level: 'MUST',
    title: 'a very long or very deep path is accepted or refused with a client error',
    async run(ctx) {
      for (const tail of ['x'.repeat(3000), 'a/'.repeat(400) + 'b']) {
        const stream = new TestStream(ctx, `${ctx.newPath()}/${tail}`, TEXT)
        ;(await stream.put()).expectStatus(201, 400, 404, 414, 431)
      }
    },
  },
  {
    id: '12.2/words-in-a-path-decide-nothing',
    level: 'MUST',
    title: 'a missing stream answers 404, and a full life passes, whatever words its path has',
    async run(ctx) {
      for (const words of ['soft-deleted', 'gone', 'closed', 'conflict', 'invalid-offset', 'sequence']) {
        const stream = ctx.stream(TEXT, words)
        ;(await stream.get()).expectStatus(404)
        ;(await stream.post('x')).expectStatus(404)
        ;(await stream.delete()).expectStatus(404)
        ;(await stream.forkInto(ctx.stream(TEXT, words))).expectStatus(404)
        ;(await stream.put()).expectStatus(201)
        ;(await stream.get({ offset: 'not-an-offset' })).expectStatus(400)
      }
    },
  },
])
