import type { AppendOutcome, AppendToStream, CreateStream, Expiry, ForkRequest, StreamEngine } from '@ds/core'
import type { Facts, LifeModel } from './life-model.js'
import type { Life, SimulatedWorld } from './store-workload.js'
import type { Random } from './random.js'
import { NEVER, StreamFault, parseOffset } from '@ds/core'
import { countOf, firstOf } from './life-model.js'

/** What a run has at hand. */
export interface LifeContext {
  readonly engine: StreamEngine
  readonly models: readonly LifeModel[]
  readonly random: Random
  readonly world: SimulatedWorld
  readonly life: Life
}

const PRODUCER = 'writer'
const FAR_BEYOND = 100_000

/** Uses one path again and again: creates, forks, appends, closes, deletes, and looks at what is there. */
export async function livePath(context: LifeContext, model: LifeModel, steps: number): Promise<void> {
  const { life, random, world } = context
  for (let step = 0; step < steps && !life.isDead; step++) {
    world.time += random.below(400)
    const found = await unlessFaulty(() => lookAt(context, model))
    if (found === undefined) continue
    if (found === null) await fillPath(context, model)
    else await useStream(context, model, found)
  }
}

/** Compares what a path holds with what it may; undefined when nothing was learnt because this life is over. */
export async function lookAt(
  { engine, world, life }: LifeContext,
  model: LifeModel,
): Promise<Facts | null | undefined> {
  const before = world.time
  const outcome = await engine.read(model.path, null)
  if (life.isDead) return undefined
  const text = outcome.kind === 'page' ? Buffer.concat(outcome.pieces).toString() : ''
  return model.observe(outcome, text, before, world.time)
}

async function fillPath(context: LifeContext, model: LifeModel): Promise<void> {
  const { random } = context
  if (random.chance(0.1)) await appendToNothing(context, model)
  else if (random.chance(0.5)) await forkPath(context, model)
  else {
    const body = newMessage(context, model)
    const request = { ...newRequest(context, model), body: Buffer.from(body.sent) }
    await create(context, model, request, body.stored)
  }
}

function newRequest({ random, world }: LifeContext, { contentType }: LifeModel): CreateStream {
  const expiry: Expiry = random.chance(0.6)
    ? NEVER
    : random.chance(0.5)
      ? { kind: 'ttl', seconds: 2 + random.below(60) }
      : { kind: 'at', atMs: world.time + 1 + random.below(60_000) }
  return { contentType, expiry, closed: random.chance(0.05), fork: null, body: new Uint8Array(0) }
}

/** Branches off from an offset that another path has handed out, and perhaps some messages further. */
async function forkPath(context: LifeContext, model: LifeModel): Promise<void> {
  const { engine, models, random, world, life } = context
  const source = random.pick(models.filter((other) => other !== model))
  const page = await unlessFaulty(() => engine.read(source.path, null))
  source.mayBeUsed(world.time)
  if (page === undefined || life.isDead) return
  const text = page.kind === 'page' ? Buffer.concat(page.pieces).toString() : ''
  // Not from the start: that belongs to no incarnation, and the source may be created anew meanwhile.
  const streamId = page.kind === 'page' ? page.stream.streamId : null
  const marks = source.marks.filter((mark) => mark.streamId === streamId)
  const mark = random.pick([null, ...marks])
  const from = mark?.before ?? ''
  const isRefused = mark !== null && random.chance(0.1)
  const further = mark === null ? 0 : random.below(countOf(text.slice(from.length), model.isJson) + 1)
  const fork: ForkRequest = {
    source: source.path,
    offset: mark === null ? { kind: 'start' } : { kind: 'point', point: parseOffset(mark.offset)! },
    subOffset: isRefused ? FAR_BEYOND : further,
  }
  const inherited = from + firstOf(text.slice(from.length), further, model.isJson)
  source.isForked = true
  await create(context, model, { ...newRequest(context, model), fork }, inherited, isRefused)
  source.mayBeUsed(world.time)
}

/** Creates what was asked for, or nothing at all. */
async function create(
  context: LifeContext,
  model: LifeModel,
  request: CreateStream,
  text: string,
  mustFail = false,
): Promise<void> {
  const after = { text, closed: request.closed, expiry: request.expiry!, nextSeq: 0, streamSeq: 0 }
  await change(context, model, after, async () => {
    const { kind } = await context.engine.create(model.path, request)
    if (kind === 'created' && !mustFail) return true
    const isPlain = request.fork === null
    const isFitting = isPlain ? kind === 'soft-deleted' && model.isForked : isForkRefusal(kind, model)
    return isFitting ? false : wrong(model, `creation ended with ${kind}`)
  })
}

function isForkRefusal(kind: string, model: LifeModel): boolean {
  if (kind === 'soft-deleted') return model.isForked
  return /^(source-|fork-|too-)/.test(kind)
}

async function appendToNothing(context: LifeContext, model: LifeModel): Promise<void> {
  const outcome = await unlessFaulty(() =>
    context.engine.append(model.path, anAppend(context, model).request),
  )
  if (outcome === undefined || outcome.kind === 'not-found' || outcome.kind === 'gone') return
  if (!context.life.isDead) wrong(model, `an append to nothing ended with ${outcome.kind}`)
}

async function useStream(context: LifeContext, model: LifeModel, facts: Facts): Promise<void> {
  const dice = context.random.next()
  if (dice < 0.12) await remove(context, model, facts)
  else if (dice < 0.22) await checkMark(context, model, facts)
  else if (dice < 0.3) await repeatAppend(context, model, facts)
  else if (dice < 0.45) await appendInSequence(context, model, facts)
  else await appendAsProducer(context, model, facts)
}

async function remove({ engine, ...context }: LifeContext, model: LifeModel, facts: Facts): Promise<void> {
  await change({ engine, ...context }, model, null, async () => {
    const { kind } = await engine.delete(model.path)
    return kind === 'deleted' || isGone(kind, context.world, model, facts)
  })
}

/** A new message of the producer; what is repeated because nobody answered is added once. */
async function appendAsProducer(context: LifeContext, model: LifeModel, facts: Facts): Promise<void> {
  const { request, after } = anAppend(context, model, facts)
  const producer = { id: PRODUCER, epoch: 0, seq: facts.nextSeq }
  const asked = { ...request, producer }
  const next = { ...after, nextSeq: facts.nextSeq + 1 }
  for (let attempt = 0; attempt < 3 && !context.life.isDead; attempt++) {
    const isOpen = await change(context, model, next, async () => {
      const outcome = await context.engine.append(model.path, asked)
      if (outcome.kind === 'duplicate' && attempt > 0) return true
      return isAppended(outcome, context, model, facts)
    })
    if (!isOpen) return
  }
}

async function appendInSequence(context: LifeContext, model: LifeModel, facts: Facts): Promise<void> {
  const { request, after } = anAppend(context, model, facts)
  const isLate = facts.streamSeq > 0 && context.random.chance(0.2)
  const seq = isLate ? facts.streamSeq : facts.streamSeq + 1
  const asked = { ...request, streamSeq: String(seq).padStart(6, '0') }
  await change(context, model, { ...after, streamSeq: seq }, async () => {
    const outcome = await context.engine.append(model.path, asked)
    if (outcome.kind === 'stream-seq-regression' && isLate) return false
    if (outcome.kind === 'appended' && isLate) wrong(model, 'a Stream-Seq was accepted twice')
    return isAppended(outcome, context, model, facts)
  })
}

/** What was acknowledged before adds nothing when it is sent again. */
async function repeatAppend(context: LifeContext, model: LifeModel, facts: Facts): Promise<void> {
  if (facts.nextSeq === 0 || facts.closed) return
  const producer = { id: PRODUCER, epoch: 0, seq: context.random.below(facts.nextSeq) }
  const { request } = anAppend(context, model)
  const asked = { ...request, close: false, producer }
  const outcome = await unlessFaulty(() => context.engine.append(model.path, asked))
  if (outcome === undefined || outcome.kind === 'duplicate' || context.life.isDead) return
  isGone(outcome.kind, context.world, model, facts)
}

/** An offset means the same place for as long as the stream lives, and nothing afterwards. */
async function checkMark(
  { engine, random, life }: LifeContext,
  model: LifeModel,
  facts: Facts,
): Promise<void> {
  const mark = random.pick([...model.marks, null])
  if (mark === null) return
  const offset = { kind: 'point', point: parseOffset(mark.offset)! } as const
  const page = await unlessFaulty(() => engine.read(model.path, offset))
  if (page?.kind !== 'page' || life.isDead) return
  // Of what it inherits, a fork shares the offsets with its source, and with the source's other forks.
  const isOwn = mark.offset.endsWith(mark.streamId)
  if (isOwn && page.stream.streamId !== mark.streamId) wrong(model, 'an earlier offset was taken')
  const text = mark.before + Buffer.concat(page.pieces).toString()
  if (text !== facts.text) wrong(model, `from ${mark.offset} on, ${JSON.stringify(text)} was found`)
}

function isAppended(
  { kind }: AppendOutcome,
  { world }: LifeContext,
  model: LifeModel,
  facts: Facts,
): boolean {
  if (kind === 'appended') return facts.closed ? wrong(model, 'a closed stream was appended to') : true
  if (facts.closed && (kind === 'closed' || kind === 'already-closed')) return false
  return isGone(kind, world, model, facts)
}

/** False when it is right that a stream was not found; throws otherwise. */
function isGone(kind: string, world: SimulatedWorld, model: LifeModel, facts: Facts): false {
  const isAbsent = kind === 'not-found' || kind === 'gone'
  if (isAbsent && model.mayHaveExpired(facts, world.time)) return false
  return wrong(model, `${kind} out of place for ${JSON.stringify(facts)}`)
}

interface PlannedAppend {
  readonly request: AppendToStream
  readonly after: Facts
}

function anAppend(context: LifeContext, model: LifeModel, facts?: Facts): PlannedAppend {
  const { sent, stored } = newMessage(context, model)
  const close = context.random.chance(0.04)
  const { contentType } = model
  const request = { contentType, body: Buffer.from(sent), close, producer: null, streamSeq: null }
  const before = facts ?? { text: '', closed: false, expiry: NEVER, nextSeq: 0, streamSeq: 0 }
  return { request, after: { ...before, text: before.text + stored, closed: close } }
}

function newMessage({ world, random }: LifeContext, { isJson }: LifeModel): { sent: string; stored: string } {
  const name = `${world.newName()}${'x'.repeat(random.below(60))}`
  return isJson ? { sent: `"${name}"`, stored: `"${name}",\n` } : { sent: `${name};`, stored: `${name};` }
}

/** Attempts a change; true when its outcome stays open. `work` tells whether it has happened. */
async function change(
  { world, life }: LifeContext,
  model: LifeModel,
  after: Facts | null,
  work: () => Promise<boolean>,
): Promise<boolean> {
  const before = world.time
  model.begin(after, before)
  const hasHappened = await unlessFaulty(work)
  if (hasHappened === undefined || life.isDead) return true
  if (hasHappened) model.happened(before, world.time)
  else model.refused()
  return false
}

async function unlessFaulty<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StreamFault) || error.code === 'storage-corrupt') throw error
    return undefined
  }
}

function wrong(model: LifeModel, what: string): never {
  throw new Error(`${model.path}: ${what}`)
}
