import { defineCases, type ServerCase } from '../server-case.js'
import { producerHeaders } from '../test-stream.js'
import { H } from '../wire-names.js'

const MOST = '9007199254740991'
const NO_INTEGERS = [
  '1abc',
  '1e3',
  '-1',
  '1.0',
  '+1',
  '0x1',
  '',
  'NaN',
  '9007199254740992',
  '9'.repeat(20),
  '1 1',
]

export const producerHeaderCases: readonly ServerCase[] = defineCases('5.2.1', [
  {
    id: '5.2.1/incomplete-headers-answer-400',
    level: 'MUST',
    title: 'one or two of the three producer headers answer 400 and store nothing',
    async run(ctx) {
      const stream = await ctx.create()
      const all = Object.entries(producerHeaders({ id: 'p', epoch: 0, seq: 0 }))
      for (let subset = 1; subset < 7; subset += 1) {
        const headers = Object.fromEntries(all.filter((_, index) => (subset & (1 << index)) !== 0))
        ;(await stream.post('x', { headers })).expectStatus(400)
        ;(await stream.postBare({ headers: { ...headers, [H.closed]: 'true' } })).expectStatus(400)
      }
      ;(await stream.get()).expectBody('').expectNoHeader(H.closed)
    },
  },
  {
    id: '5.2.1/empty-producer-id-answers-400',
    level: 'MUST',
    title: 'an empty Producer-Id answers 400 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      ;(await stream.produce({ id: '', epoch: 0, seq: 0 }, 'x')).expectStatus(400)
      ;(await stream.get()).expectBody('')
    },
  },
  {
    id: '5.2.1/epoch-must-be-an-integer',
    level: 'MUST',
    title: 'an epoch that is no integer from 0 to 2^53-1 answers 400 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      for (const epoch of NO_INTEGERS) {
        ;(await stream.produce({ id: 'p', epoch, seq: 0 }, 'x')).expectStatus(400)
      }
      ;(await stream.get()).expectBody('')
    },
  },
  {
    id: '5.2.1/sequence-must-be-an-integer',
    level: 'MUST',
    title: 'a sequence that is no integer from 0 to 2^53-1 answers 400 and stores nothing',
    async run(ctx) {
      const stream = await ctx.create()
      for (const seq of NO_INTEGERS) {
        ;(await stream.produce({ id: 'p', epoch: 0, seq }, 'x')).expectStatus(400)
      }
      ;(await stream.get()).expectBody('')
    },
  },
  {
    id: '5.2.1/largest-integers-are-valid',
    level: 'MUST',
    title: 'an epoch and a sequence of 2^53-1 are read exactly',
    async run(ctx) {
      const stream = await ctx.create()
      const gap = await stream.produce({ id: 'p', epoch: 0, seq: MOST }, 'x')
      gap.expectStatus(409).expectHeader(H.producerReceivedSeq, MOST).expectHeader(H.producerExpectedSeq, '0')
      ;(await stream.produce({ id: 'p', epoch: MOST, seq: 0 }, 'a'))
        .expectStatus(200)
        .expectHeader(H.producerEpoch, MOST)
      const fenced = await stream.produce({ id: 'p', epoch: '9007199254740990', seq: 0 }, 'x')
      fenced.expectStatus(403).expectHeader(H.producerEpoch, MOST)
    },
  },
])
