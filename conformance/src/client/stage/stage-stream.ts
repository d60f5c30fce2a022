/** A producer as the stage knows it. */
export interface StageProducer {
  readonly epoch: number
  readonly seq: number
}

/** How a stream of the stage is made. */
export interface StageStreamOptions {
  readonly contentType?: string
  readonly chunks?: readonly string[]
  readonly closed?: boolean
  /** The most chunks in one answer to a catch-up read. */
  readonly pageChunks?: number
  /** Put at the end of every offset, to show that offsets mean nothing to clients. */
  readonly offsetSuffix?: string
  /** How long a long-poll is held open. */
  readonly longPollMs?: number
}

/** A stream in memory, as simple as the protocol allows. Positions count chunks. */
export class StageStream {
  readonly contentType: string
  readonly chunks: Buffer[]
  readonly producers: Map<string, StageProducer> = new Map<string, StageProducer>()
  readonly pageChunks: number
  readonly longPollMs: number
  closed: boolean
  lastSeq = ''
  readonly #offsetSuffix: string
  readonly #waiters = new Set<() => void>()

  constructor(options: StageStreamOptions = {}) {
    this.contentType = options.contentType ?? 'text/plain'
    this.chunks = (options.chunks ?? []).map((chunk) => Buffer.from(chunk))
    this.closed = options.closed ?? false
    this.pageChunks = options.pageChunks ?? Number.POSITIVE_INFINITY
    this.longPollMs = options.longPollMs ?? 300
    this.#offsetSuffix = options.offsetSuffix ?? ''
  }

  get isJson(): boolean {
    return this.contentType.startsWith('application/json')
  }

  get isText(): boolean {
    return this.isJson || this.contentType.startsWith('text/')
  }

  get tail(): string {
    return this.offsetOf(this.chunks.length)
  }

  offsetOf(position: number): string {
    return `${String(position).padStart(10, '0')}${this.#offsetSuffix}`
  }

  /** The position of an offset that the stage handed out; null for any other. */
  positionOf(offset: string | null): number | null {
    if (offset === null || offset === '-1') return 0
    if (offset === 'now') return this.chunks.length
    const position = Number(offset.slice(0, 10))
    return this.offsetOf(position) === offset && position <= this.chunks.length ? position : null
  }

  /** Stores a body, the elements of a JSON array one by one, and wakes who waits. */
  append(body: Buffer, close = false): void {
    if (body.length > 0) {
      if (this.isJson) {
        const value = JSON.parse(body.toString()) as unknown
        const messages = Array.isArray(value) ? (value as unknown[]) : [value]
        this.chunks.push(...messages.map((message) => Buffer.from(JSON.stringify(message))))
      } else this.chunks.push(body)
    }
    if (close) this.closed = true
    this.wake()
  }

  /** Chunks as they go over the wire. */
  render(from: number, to: number): Buffer {
    const chunks = this.chunks.slice(from, to)
    if (!this.isJson) return Buffer.concat(chunks)
    return Buffer.from(`[${chunks.map((chunk) => chunk.toString()).join(',')}]`)
  }

  /** Resolves when something has been appended, at the closure, or after the time. */
  async change(withinMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#waiters.delete(end)
        resolve()
      }
      const timer = setTimeout(end, withinMs)
      this.#waiters.add(end)
    })
  }

  wake(): void {
    for (const end of [...this.#waiters]) end()
  }
}
