/** A byte of a modelled stream, and the stream that it was written to. */
interface ModelByte {
  readonly char: string
  readonly owner: ModelStream
}

/** A stream as simply as it can be said: all its bytes, copied when it is forked. */
export interface ModelStream {
  readonly path: string
  readonly isJson: boolean
  readonly ttlMs: number | null
  readonly source: ModelStream | null
  readonly forks: Set<ModelStream>
  readonly bytes: ModelByte[]
  readonly producers: Map<string, { epoch: number; seq: number }>
  readonly forkedAt: { readonly position: number; readonly subOffset: number } | null
  closed: boolean
  closedBy: string | null
  lastSeq: string | null
  touchedAt: number
  isDeleted: boolean
}

/** A place in a stream that was told to somebody. */
export interface ModelPoint {
  readonly owner: ModelStream | null
  readonly position: number
}

export interface ModelAppend {
  readonly text: string
  readonly isJson: boolean
  readonly close: boolean
  readonly producer: { readonly id: string; readonly epoch: number; readonly seq: number } | null
  readonly streamSeq: string | null
}

/** What streams do, without stores, commits, queues, lineages or steps. */
export class StreamModel {
  readonly streams: Map<string, ModelStream>
  now: number

  constructor(now: number) {
    this.streams = new Map()
    this.now = now
  }

  lifecycle(path: string): 'absent' | 'live' | 'gone' {
    const stream = this.streams.get(path)
    if (stream === undefined) return 'absent'
    if (stream.isDeleted) return 'gone'
    if (!this.#isExpired(stream)) return 'live'
    return stream.forks.size > 0 ? 'gone' : 'absent'
  }

  text(path: string, from = 0): string {
    const { bytes } = this.streams.get(path)!
    return bytes
      .slice(from)
      .map(({ char }) => char)
      .join('')
  }

  /** The position of a point in the stream at `path`; null when it is none of its own. */
  locate(path: string, { owner, position }: ModelPoint): number | null {
    const { bytes } = this.streams.get(path)!
    if (position === 0) return 0
    return bytes[position - 1]?.owner === owner ? position : null
  }

  create(path: string, isJson: boolean, ttlMs: number | null, closed: boolean, text: string): string {
    const lifecycle = this.lifecycle(path)
    const there = this.streams.get(path)
    if (lifecycle === 'gone') return 'soft-deleted'
    if (there !== undefined && lifecycle === 'live') {
      const matches =
        there.source === null && there.isJson === isJson && there.ttlMs === ttlMs && there.closed === closed
      return matches ? 'exists' : 'conflict'
    }
    this.#remove(path)
    this.#add(path, { isJson, ttlMs, closed, source: null, forkedAt: null }, [], text)
    return 'created'
  }

  fork(
    path: string,
    from: string,
    point: ModelPoint | null,
    subOffset: number,
    ttlMs: number | null,
    text: string,
  ): string {
    const lifecycle = this.lifecycle(path)
    const there = this.streams.get(path)
    if (lifecycle === 'gone') return 'soft-deleted'
    if (there !== undefined && lifecycle === 'live')
      return this.#matchesFork(there, from, point, subOffset, ttlMs) ? 'exists' : 'conflict'
    const source = this.streams.get(from)
    const sourceLifecycle = this.lifecycle(from)
    if (source === undefined || sourceLifecycle === 'absent') return 'source-not-found'
    if (sourceLifecycle === 'gone') return 'source-gone'
    const position = point === null ? source.bytes.length : this.locate(from, point)
    if (position === null) return 'fork-offset'
    const end = skip(source, position, subOffset)
    if (end === null) return 'fork-sub-offset'
    this.#remove(path)
    const shape = {
      isJson: source.isJson,
      ttlMs: ttlMs ?? source.ttlMs,
      closed: false,
      source,
      forkedAt: { position, subOffset },
    }
    source.forks.add(this.#add(path, shape, source.bytes.slice(0, end), text))
    return 'created'
  }

  append(path: string, request: ModelAppend): string {
    const lifecycle = this.lifecycle(path)
    if (lifecycle !== 'live') return lifecycle === 'gone' ? 'gone' : 'not-found'
    const stream = this.streams.get(path)!
    const { producer, streamSeq, text, close } = request
    const name = producer === null ? null : `${producer.id}/${producer.epoch}/${producer.seq}`
    if (stream.closed) {
      stream.touchedAt = this.now
      if (name !== null) return name === stream.closedBy ? 'duplicate' : 'closed'
      return close && text === '' ? 'already-closed' : 'closed'
    }
    if (text === '' && !close) return 'empty-body'
    if (text !== '' && request.isJson !== stream.isJson) return 'content-type-mismatch'
    const refusal = producer === null ? null : judge(stream, producer)
    if (refusal === 'duplicate') stream.touchedAt = this.now
    if (refusal !== null) return refusal
    if (streamSeq !== null && stream.lastSeq !== null && streamSeq <= stream.lastSeq)
      return 'stream-seq-regression'
    stream.bytes.push(...Array.from(text, (char) => ({ char, owner: stream })))
    stream.touchedAt = this.now
    stream.lastSeq = streamSeq ?? stream.lastSeq
    if (producer !== null) stream.producers.set(producer.id, producer)
    if (close) [stream.closed, stream.closedBy] = [true, name]
    return 'appended'
  }

  delete(path: string): string {
    const lifecycle = this.lifecycle(path)
    if (lifecycle !== 'live') return lifecycle === 'gone' ? 'gone' : 'not-found'
    this.streams.get(path)!.isDeleted = true
    this.#collect(path)
    return 'deleted'
  }

  /** Lets a second pass, and all that this ends end. */
  tick(): void {
    this.now += 1000
    for (const [path, stream] of [...this.streams]) {
      if (this.streams.get(path) === stream) this.#collect(path)
    }
  }

  #isExpired(stream: ModelStream): boolean {
    return stream.ttlMs !== null && this.now >= stream.touchedAt + stream.ttlMs
  }

  #add(
    path: string,
    shape: Pick<ModelStream, 'isJson' | 'ttlMs' | 'closed' | 'source' | 'forkedAt'>,
    inherited: readonly ModelByte[],
    text: string,
  ): ModelStream {
    const stream: ModelStream = {
      ...shape,
      path,
      forks: new Set(),
      bytes: [...inherited],
      producers: new Map(),
      closedBy: null,
      lastSeq: null,
      touchedAt: this.now,
      isDeleted: false,
    }
    stream.bytes.push(...Array.from(text, (char) => ({ char, owner: stream })))
    this.streams.set(path, stream)
    return stream
  }

  #matchesFork(
    there: ModelStream,
    from: string,
    point: ModelPoint | null,
    subOffset: number,
    ttlMs: number | null,
  ): boolean {
    if (there.forkedAt === null || there.source?.path !== from || there.forkedAt.subOffset !== subOffset)
      return false
    if (
      point !== null &&
      (this.locate(there.path, point) === null || there.forkedAt.position !== point.position)
    )
      return false
    return (ttlMs === null || there.ttlMs === ttlMs) && !there.closed
  }

  /** Removes a stream that is over and that no fork holds, and what was only held by it. */
  #collect(path: string): void {
    const stream = this.streams.get(path)
    if (stream === undefined || (!stream.isDeleted && !this.#isExpired(stream))) return
    stream.isDeleted = true
    if (stream.forks.size === 0) this.#remove(path)
  }

  #remove(path: string): void {
    const stream = this.streams.get(path)
    if (stream === undefined) return
    this.streams.delete(path)
    if (stream.source === null) return
    stream.source.forks.delete(stream)
    if (this.streams.get(stream.source.path) === stream.source) this.#collect(stream.source.path)
  }
}

function skip(source: ModelStream, position: number, count: number): number | null {
  let at = position
  for (let left = count; left > 0; left--) {
    if (source.isJson) while (at < source.bytes.length && source.bytes[at]!.char !== '\n') at++
    if (at >= source.bytes.length) return null
    at++
  }
  return at
}

function judge(
  stream: ModelStream,
  { id, epoch, seq }: { id: string; epoch: number; seq: number },
): string | null {
  const known = stream.producers.get(id)
  if (known === undefined) return seq === 0 ? null : 'gap'
  if (epoch < known.epoch) return 'stale-epoch'
  if (epoch > known.epoch) return seq === 0 ? null : 'epoch-start'
  if (seq <= known.seq) return 'duplicate'
  return seq === known.seq + 1 ? null : 'gap'
}
