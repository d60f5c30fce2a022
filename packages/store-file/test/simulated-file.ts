import type { Random } from './random.js'

const SECTOR = 512

type PendingChange =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }

/**
 * How much of what was not synced is found afterwards: after a loss of power any part of what was on its way to the
 * disk; after the end of the process alone, all that the kernel shows.
 */
export type Survival = 'nothing' | 'everything' | 'some' | 'kernel'

/** The content of a file: as programs see it, as the disk has it, and what lies between the two. */
export class SimulatedFile {
  #current: Buffer
  #durable: Buffer
  #pending: PendingChange[] = []
  /** How many syncs have failed; every handle is told of each once. */
  failures = 0

  constructor(content: Buffer = Buffer.alloc(0)) {
    this.#current = content
    this.#durable = content
  }

  get content(): Buffer {
    return this.#current
  }

  /** Reaches the page cache, and the disk at some time. */
  write(bytes: Uint8Array, at: number): void {
    const change: PendingChange = { kind: 'write', at, bytes: Uint8Array.from(bytes) }
    this.#current = applied(this.#current, change)
    this.#pending.push(change)
  }

  truncate(size: number): void {
    const change: PendingChange = { kind: 'truncate', size }
    this.#current = applied(this.#current, change)
    this.#pending.push(change)
  }

  sync(): void {
    for (const change of this.#pending) this.#durable = applied(this.#durable, change)
    this.#pending = []
  }

  /**
   * A sync that fails: parts have reached the disk, and the kernel forgets that the rest has not. Programs go on
   * seeing it, but later syncs do not bring it to the disk.
   */
  failSync(random: Random): void {
    this.failures++
    this.#durable = this.#survive(random, 'some')
    this.#pending = []
  }

  /** What a loss of power leaves. */
  afterCrash(random: Random, survival: Survival): SimulatedFile {
    return new SimulatedFile(survival === 'kernel' ? this.#current : this.#survive(random, survival))
  }

  #survive(random: Random, survival: Survival): Buffer {
    let image = this.#durable
    if (survival === 'nothing') return image
    for (const change of this.#pending) {
      if (survival === 'everything') image = applied(image, change)
      else if (change.kind === 'truncate') image = random.chance(0.5) ? applied(image, change) : image
      else image = tornWrite(image, change, random)
    }
    return image
  }
}

/** Any of the sectors may be missing. Where the file grows over missing ones, they are zeros. */
function tornWrite(image: Buffer, change: PendingChange & { kind: 'write' }, random: Random): Buffer {
  const kept = random.pick([0, 0.3, 0.8, 1])
  let torn = image
  for (let at = change.at; at < change.at + change.bytes.length;) {
    const end = Math.min(change.at + change.bytes.length, (Math.floor(at / SECTOR) + 1) * SECTOR)
    const bytes = change.bytes.subarray(at - change.at, end - change.at)
    if (random.chance(kept)) torn = applied(torn, { kind: 'write', at, bytes })
    at = end
  }
  const grows = torn.length < change.at + change.bytes.length
  return grows && random.chance(0.3)
    ? applied(torn, { kind: 'truncate', size: change.at + change.bytes.length })
    : torn
}

function applied(content: Buffer, change: PendingChange): Buffer {
  if (change.kind === 'truncate') {
    const resized = Buffer.alloc(change.size)
    content.copy(resized, 0, 0, change.size)
    return resized
  }
  const result = Buffer.alloc(Math.max(content.length, change.at + change.bytes.length))
  content.copy(result)
  result.set(change.bytes, change.at)
  return result
}
