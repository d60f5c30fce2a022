import { expect, test } from 'vitest'
import { Pipeline } from './pipeline.js'
import type { PipelineBatch, PipelineOptions } from './pipeline.js'
import type { ProducerAnswer } from './producer-answer.js'

function batch(): PipelineBatch {
  return { epoch: -1, seq: -1, phase: 'waiting', ambiguous: false, wasNext: false }
}

function createPipeline(options: Partial<PipelineOptions> = {}): Pipeline<PipelineBatch> {
  return new Pipeline({ maxInFlight: 3, autoClaim: false, epoch: 0, nextSeq: 0, isFresh: false, ...options })
}

const accepted: ProducerAnswer = { kind: 'accepted', offset: '1', duplicate: false, lastSeq: 0 }
const duplicate: ProducerAnswer = { ...accepted, duplicate: true }
const gap = (expectedSeq: number, receivedSeq: number): ProducerAnswer => ({
  kind: 'gap',
  expectedSeq,
  receivedSeq,
})
const stale = (currentEpoch: number): ProducerAnswer => ({ kind: 'stale-epoch', currentEpoch })

/** A pipeline whose first batch is confirmed, so that more may be under way. */
function establish(pipeline: Pipeline<PipelineBatch>): void {
  pipeline.add(batch())
  pipeline.answered(pipeline.takeNext()!, accepted)
}

/** Adds and sends batches. */
function send(pipeline: Pipeline<PipelineBatch>, count: number): PipelineBatch[] {
  for (let i = 0; i < count; i++) pipeline.add(batch())
  return Array.from({ length: count }, () => pipeline.takeNext()!)
}

test('the first batch of an epoch goes alone, then several are under way', () => {
  const pipeline = createPipeline()
  expect(pipeline.hasRoom).toBe(true)
  pipeline.add(batch())
  expect(pipeline.hasRoom).toBe(false)
  pipeline.answered(pipeline.takeNext()!, accepted)
  send(pipeline, 3)
  expect([pipeline.hasRoom, pipeline.inFlight]).toEqual([false, 3])
})

test('a batch that came too early is sent again when the one before it is confirmed', () => {
  const pipeline = createPipeline()
  establish(pipeline)
  const [one, two] = send(pipeline, 2)
  expect(pipeline.answered(two!, gap(1, 2)).kind).toBe('open')
  expect(pipeline.takeNext()).toBeNull()
  expect(pipeline.answered(one!, accepted).kind).toBe('confirmed')
  expect(pipeline.takeNext()).toBe(two)
})

test('a gap although everything before was confirmed cannot be healed', () => {
  const pipeline = createPipeline()
  establish(pipeline)
  const [one] = send(pipeline, 1)
  const settlement = pipeline.answered(one!, gap(0, 1))
  expect(settlement).toMatchObject({
    kind: 'halt',
    error: { code: 'SEQUENCE_GAP', expectedSeq: 0, receivedSeq: 1 },
  })
})

test('what is behind a refused batch begins the next epoch, once nothing is under way', () => {
  const pipeline = createPipeline()
  establish(pipeline)
  const [one, two, three] = send(pipeline, 3)
  pipeline.refused(two!)
  expect(pipeline.settleEpoch().kind).toBe('no')
  pipeline.answered(three!, gap(2, 3))
  expect(pipeline.settleEpoch().kind).toBe('no')
  pipeline.answered(one!, accepted)
  expect(pipeline.settleEpoch().kind).toBe('began')
  expect([three!.epoch, three!.seq, pipeline.nextSeq]).toEqual([1, 0, 1])
  expect(pipeline.takeNext()).toBe(three)
})

test('a newer epoch ends a producer that may not claim', () => {
  const pipeline = createPipeline()
  pipeline.add(batch())
  const settlement = pipeline.answered(pipeline.takeNext()!, stale(7))
  expect(settlement).toMatchObject({ kind: 'halt', error: { code: 'STALE_EPOCH', currentEpoch: 7 } })
})

test('a producer that may claim goes on in the epoch after the newest', () => {
  const pipeline = createPipeline({ autoClaim: true })
  establish(pipeline)
  const [one, two] = send(pipeline, 2)
  pipeline.answered(two!, stale(7))
  pipeline.answered(one!, stale(9))
  expect(pipeline.settleEpoch().kind).toBe('began')
  expect([one!.epoch, one!.seq, two!.seq]).toEqual([10, 0, 1])
})

test('a batch that may have been written before the fence is not written again', () => {
  const pipeline = createPipeline({ autoClaim: true })
  pipeline.add(batch())
  const first = pipeline.takeNext()!
  first.ambiguous = true
  pipeline.answered(first, stale(7))
  expect(pipeline.settleEpoch()).toMatchObject({ kind: 'halt', error: { code: 'STALE_EPOCH' } })
})

test('a name that others claim again and again is left to them', () => {
  const pipeline = createPipeline({ autoClaim: true })
  pipeline.add(batch())
  for (let epoch = 1; epoch <= 3; epoch++) {
    expect(pipeline.answered(pipeline.takeNext()!, stale(epoch * 10)).kind).toBe('open')
    pipeline.settleEpoch()
  }
  expect(pipeline.answered(pipeline.takeNext()!, stale(40)).kind).toBe('halt')
})

test.each<[string, Partial<PipelineOptions>, boolean, ProducerAnswer, string]>([
  ['was never sent before: another has used its number', {}, false, duplicate, 'halt'],
  ['was lost before: it is its own', {}, true, duplicate, 'confirmed'],
  ['was lost before, but higher numbers are written', {}, true, { ...duplicate, lastSeq: 4 }, 'halt'],
  ['belongs to numbers that nobody had before', { isFresh: true }, false, duplicate, 'confirmed'],
])('a first duplicate that %s', (_, options, ambiguous, answer, kind) => {
  const pipeline = createPipeline(options)
  pipeline.add(batch())
  const first = pipeline.takeNext()!
  first.ambiguous = ambiguous
  expect(pipeline.answered(first, answer).kind).toBe(kind)
})
