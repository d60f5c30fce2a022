import { check, equal } from '../assertions.js'
import type { Exchange } from '../exchange.js'
import { defineCases, type ServerCase } from '../server-case.js'
import { H, TEXT } from '../wire-names.js'

const EARLY = '2093-04-05T06:07:08Z'
const LATE = '2095-04-05T06:07:08Z'

interface Lifetime {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
}

const NONE: Lifetime = { name: 'no expiry', headers: {} }
const ttl = (seconds: number): Lifetime => ({ name: `TTL ${seconds}`, headers: { [H.ttl]: String(seconds) } })
const expiresAt = (at: string): Lifetime => ({ name: `Expires-At ${at}`, headers: { [H.expiresAt]: at } })

interface InheritanceRow {
  readonly id: string
  readonly source: Lifetime
  readonly requested: Lifetime
  readonly expected: Lifetime
}

const INHERITANCE_TABLE: readonly InheritanceRow[] = [
  { id: 'none-none', source: NONE, requested: NONE, expected: NONE },
  { id: 'none-ttl', source: NONE, requested: ttl(700), expected: ttl(700) },
  { id: 'none-expires-at', source: NONE, requested: expiresAt(EARLY), expected: expiresAt(EARLY) },
  { id: 'ttl-none', source: ttl(600), requested: NONE, expected: ttl(600) },
  { id: 'ttl-ttl', source: ttl(600), requested: ttl(700), expected: ttl(700) },
  { id: 'ttl-expires-at', source: ttl(600), requested: expiresAt(EARLY), expected: expiresAt(EARLY) },
  { id: 'expires-at-none', source: expiresAt(EARLY), requested: NONE, expected: expiresAt(EARLY) },
  { id: 'expires-at-ttl', source: expiresAt(EARLY), requested: ttl(700), expected: ttl(700) },
  {
    id: 'expires-at-expires-at',
    source: expiresAt(EARLY),
    requested: expiresAt(LATE),
    expected: expiresAt(LATE),
  },
]

function expectLifetime(head: Exchange, expected: Lifetime): void {
  const wantedTtl = expected.headers[H.ttl]
  const wantedExpiry = expected.headers[H.expiresAt]
  if (wantedTtl === undefined) head.expectNoHeader(H.ttl)
  else head.expectHeader(H.ttl, wantedTtl)
  if (wantedExpiry === undefined) {
    head.expectNoHeader(H.expiresAt)
    return
  }
  equal(
    Date.parse(head.requireHeader(H.expiresAt)),
    Date.parse(wantedExpiry),
    'the expiry instant',
    head.describe(),
  )
}

const inheritance = INHERITANCE_TABLE.map(
  ({ id, source, requested, expected }): Omit<ServerCase, 'section'> => ({
    id: `4.2/lifetime-${id}`,
    level: 'MUST',
    title: `a fork with ${requested.name} of a source with ${source.name} gets ${expected.name}`,
    async run(ctx) {
      const origin = await ctx.create(TEXT, { headers: source.headers })
      const fork = await origin.fork({ headers: requested.headers })
      expectLifetime((await fork.head()).expectStatus(200), expected)
      expectLifetime((await origin.head()).expectStatus(200), source)
    },
  }),
)

export const forkExpiryCases: readonly ServerCase[] = defineCases('4.2', [
  ...inheritance,
  {
    id: '4.2/lifetime-of-a-fork-of-a-fork',
    level: 'MUST',
    title: 'a fork inherits the lifetime of its direct source, not of an older one',
    async run(ctx) {
      const root = await ctx.create(TEXT, { headers: { [H.ttl]: '600' } })
      const middle = await root.fork({ headers: { [H.ttl]: '700' } })
      const leaf = await middle.fork()
      expectLifetime((await leaf.head()).expectStatus(200), ttl(700))
    },
  },
  {
    id: '4.2/refuses-an-invalid-lifetime',
    level: 'MUST',
    title: 'a fork with an invalid TTL or expiry answers 400 and creates nothing',
    async run(ctx) {
      const source = await ctx.create()
      for (const headers of [{ [H.ttl]: '+60' }, { [H.ttl]: '060' }, { [H.expiresAt]: 'tomorrow' }]) {
        const fork = ctx.stream(TEXT, 'fork')
        ;(await source.forkInto(fork, { headers })).expectStatus(400)
        ;(await fork.head()).expectStatus(404)
      }
    },
  },
  {
    id: '4.2/inherited-ttl-slides-on-its-own',
    level: 'MUST',
    slow: true,
    title: 'reads of a fork keep the fork alive and not its source, which expires without touching it',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '2' } })
      const fork = await source.fork()
      for (let round = 0; round < 5; round += 1) {
        await ctx.sleep(900)
        ;(await fork.get()).expectStatus(200).expectBody('abc')
      }
      ;(await source.get()).expectStatus(404, 410)
      ;(await fork.get()).expectStatus(200).expectBody('abc')
      await fork.append('def')
      equal((await fork.readAll()).text, 'abcdef', 'the content of the fork')
    },
  },
  {
    id: '4.2/fork-outlives-an-expired-source',
    level: 'MUST',
    slow: true,
    title: 'a fork with a longer life keeps all inherited data after its source has expired',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '1' } })
      const fork = await source.fork({ headers: { [H.ttl]: '600' } })
      await ctx.eventually(async () => (await source.head()).expectStatus(404, 410), 4000)
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
      await fork.append('def')
      equal((await fork.readAll()).text, 'abcdef', 'the content of the fork')
    },
  },
  {
    id: '4.2/recreating-an-expired-source-leaves-its-forks-alone',
    level: 'MUST',
    slow: true,
    title: 'whatever a PUT makes of an expired source, its forks keep their content',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '1' } })
      const fork = await source.fork({ headers: { [H.ttl]: '600' } })
      await ctx.eventually(async () => (await source.head()).expectStatus(404, 410), 4000)
      const recreated = await source.put({ body: 'XYZ123' })
      recreated.expectStatus(201, 409)
      equal((await fork.readAll()).text, 'abc', 'the content of the fork')
    },
  },
  {
    id: '4.2/expired-source-with-forks-answers-410',
    level: 'MAY',
    slow: true,
    title: 'an expired source that still has forks behaves like a deleted one: 410, and 409 to PUT',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc', headers: { [H.ttl]: '1' } })
      await source.fork({ headers: { [H.ttl]: '600' } })
      await ctx.eventually(async () => (await source.head()).expectStatus(410), 4000)
      ;(await source.get()).expectStatus(410)
      ;(await source.post('x')).expectStatus(410)
      ;(await source.delete()).expectStatus(410)
      ;(await source.put()).expectStatus(409)
      ;(await source.forkInto(ctx.stream(TEXT, 'fork'))).expectStatus(409)
    },
  },
  {
    id: '4.2/expired-fork-releases-its-source',
    level: 'MAY',
    slow: true,
    title: 'a soft-deleted source is collected once its last fork has expired',
    async run(ctx) {
      const source = await ctx.create(TEXT, { body: 'abc' })
      const fork = await source.fork({ headers: { [H.ttl]: '1' } })
      ;(await source.delete()).expectStatus(204)
      ;(await source.head()).expectStatus(410)
      await ctx.eventually(async () => (await fork.head()).expectStatus(404), 4000)
      await ctx.eventually(async () => (await source.head()).expectStatus(404), 5000)
      check((await source.put()).status === 201, 'the path of the collected source is free again')
    },
  },
])
