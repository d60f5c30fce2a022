import type { Environment, OffsetRequest, StreamPath, StreamStore } from '@ds/core'
import type { Life, SimulatedWorld } from './store-workload.js'
import type { Random } from './random.js'
import { StreamEngine, StreamFault } from '@ds/core'

/** What one producer has sent; it repeats an attempt until it is told what became of it. */
export interface ProducerMemory {
  readonly id: string
  /** The number of its next message; all before it were acknowledged. */
  next: number
}

/** What is known of a stream that several producers write to. */
export class EngineModel {
  readonly path: StreamPath
  readonly producers: ProducerMemory[]
  /** Whether it exists as far as anybody was told. */
  isCreated = false
  isClosed = false

  constructor(path: StreamPath, producers: number) {
    this.path = path
    this.producers = Array.from({ length: producers }, (_, i) => ({ id: `p${i}`, next: 0 }))
  }

  /** Everything acknowledged is there once and in order; of what was not, at most the attempt under way. */
  verify(content: string): void {
    const seen = new Map<string, number>()
    for (const message of content.split(';').slice(0, -1)) {
      const [id, number] = message.split('-') as [string, string]
      const expected = seen.get(id) ?? 0
      if (Number(number) !== expected) throw new Error(`${this.path}: ${message} where ${expected} belongs`)
      seen.set(id, expected + 1)
    }
    for (const { id, next } of this.producers) {
      const found = seen.get(id) ?? 0
      if (found !== next && found !== next + 1) {
        throw new Error(`${this.path}: ${found} messages of ${id}, and ${next} were acknowledged`)
      }
    }
  }
}

/** An environment whose time is the world's, and in which waiting takes a few turns of the event loop. */
export function engineEnvironment(world: SimulatedWorld): Environment {
  return {
    now: () => world.time,
    schedule: (_delay, run) => {
      const waiting = setImmediate(() => setImmediate(run))
      return () => clearImmediate(waiting)
    },
    defer: (run) => void setImmediate(run),
    newStreamId: () => world.newStreamId(),
  }
}

export function makeEngine(store: StreamStore, world: SimulatedWorld): StreamEngine {
  return new StreamEngine({ store, environment: engineEnvironment(world), limits: { sweepIntervalMs: 0 } })
}

/** Creates the stream if it is not known to exist, and lets all producers write to it at once. */
export async function produceAll(
  engine: StreamEngine,
  model: EngineModel,
  random: Random,
  steps: number,
  life: Life,
): Promise<void> {
  while (!model.isCreated && !life.isDead) {
    await unlessFaulty(async () => {
      const { kind } = await engine.create(model.path, {
        contentType: 'text/plain',
        expiry: null,
        closed: false,
        fork: null,
        body: new Uint8Array(0),
      })
      if (!life.isDead) model.isCreated = kind === 'created' || kind === 'exists'
    })
  }
  await Promise.all(model.producers.map((producer) => produce(engine, model, producer, random, steps, life)))
}

async function produce(
  engine: StreamEngine,
  model: EngineModel,
  producer: ProducerMemory,
  random: Random,
  steps: number,
  life: Life,
): Promise<void> {
  for (let step = 0; step < steps && !life.isDead && !model.isClosed; step++) {
    await unlessFaulty(async () => {
      const close = random.chance(0.002)
      const outcome = await engine.append(model.path, {
        contentType: 'text/plain',
        body: Buffer.from(`${producer.id}-${producer.next};`),
        close,
        producer: { id: producer.id, epoch: 0, seq: producer.next },
        streamSeq: null,
      })
      if (life.isDead) return
      if (outcome.kind === 'appended' || outcome.kind === 'duplicate') producer.next++
      else if (outcome.kind !== 'closed') throw new Error(`${model.path}: ${outcome.kind} out of place`)
      if (outcome.kind === 'closed' || ('closed' in outcome && outcome.closed)) model.isClosed = true
    })
  }
}

/** The whole content, page by page. */
export async function readContent(
  engine: StreamEngine,
  path: StreamPath,
): Promise<{ text: string; closed: boolean }> {
  const pieces: Uint8Array[] = []
  let offset: OffsetRequest | null = null
  for (;;) {
    const page = await engine.read(path, offset)
    if (page.kind !== 'page') throw new Error(`${path}: ${page.kind} instead of a page`)
    pieces.push(...page.pieces)
    if (page.upToDate) return { text: Buffer.concat(pieces).toString(), closed: page.closed }
    offset = { kind: 'point', point: { position: page.to, owner: null } }
  }
}

async function unlessFaulty(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof StreamFault) || error.code === 'storage-corrupt') throw error
  }
}
