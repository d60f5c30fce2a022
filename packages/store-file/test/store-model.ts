import type { LoadedStream, StreamChange, StreamPath, StreamRecord, StreamStore, Version } from '@ds/core'
import { isDeepStrictEqual } from 'node:util'

/** A stream as it ought to be; null when there is none. */
export interface ModelState {
  readonly record: StreamRecord
  readonly commitId: string
  readonly entries: ReadonlyMap<string, string>
  readonly bytes: Buffer
  /** At least; opening the store moves it on. */
  readonly touchedAt: number
}

export const ENTRY_KEYS: readonly string[] = ['p:a', 'p:b', 'p:c', 'f:x']

/**
 * What one path may hold. After a commit that was acknowledged there is one possibility; what was not acknowledged
 * adds another, until something shows which of them came true.
 */
export class PathModel {
  readonly path: StreamPath
  #possible: (ModelState | null)[] = [null]
  readonly #versions = new Set<Version>()

  constructor(path: StreamPath) {
    this.path = path
  }

  /** The state before any commit whose outcome is open. */
  get certain(): ModelState | null {
    return this.#possible[0]!
  }

  begin(change: StreamChange): void {
    this.#possible.push(nextState(this.certain, change))
  }

  committed(version: Version): void {
    this.#possible = [this.#possible.at(-1)!]
    if (this.#versions.has(version)) throw new Error(`${this.path}: version ${version} came back`)
    this.#versions.add(version)
  }

  failed(): void {
    this.#possible.pop()
  }

  /** What is seen stays. Throws when it is none of the possibilities. */
  observe(loaded: LoadedStream | null): void {
    const seen = this.#possible.filter((state) => isSame(state, loaded))
    if (seen.length === 0) {
      throw new Error(
        `${this.path}: found ${describe(loaded)}, expected one of ${this.#possible.map(describe).join(' | ')}`,
      )
    }
    // While a commit is under way the state before it may be seen, too; that tells nothing.
    const isOld = seen.length > 1 || seen[0] === this.#possible[0]
    if (!isOld) this.#possible = [seen[0]!]
  }

  /** Compares everything that a store has of the path after opening; that is certain from now on. */
  async verify(store: StreamStore): Promise<void> {
    const loaded = await store.load(this.path, ENTRY_KEYS)
    const matching = this.#possible.filter((state) => isSame(state, loaded))
    if (matching.length === 0) this.observe(loaded)
    const state = matching[0] ?? null
    this.#possible = [state]
    if (state === null) return
    const bytes = await readAll(store, this.path, state.record)
    if (!bytes.equals(state.bytes)) throw new Error(`${this.path}: its bytes are not those that were written`)
    if (loaded!.touchedAt < state.touchedAt)
      throw new Error(`${this.path}: its window began earlier than was told`)
  }
}

export async function readAll(store: StreamStore, path: StreamPath, record: StreamRecord): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  for (let at = record.base; at < record.tail;) {
    const got = await store.read(path, record.streamId, at, 700)
    const length = (got ?? []).reduce((sum, piece) => sum + piece.length, 0)
    if (got === null || length === 0 || length > 700) throw new Error(`${path}: no bytes at ${at}`)
    // Copied, because what is read must not change later, and a test would not notice that in a view.
    for (const piece of got) pieces.push(Uint8Array.from(piece))
    at += length
  }
  return Buffer.concat(pieces)
}

function nextState(state: ModelState | null, change: StreamChange): ModelState | null {
  const { record, commitId } = change
  if (record === null) return null
  const before = state?.record.streamId === record.streamId ? state : null
  const entries = new Map(before?.entries)
  for (const [key, value] of change.entries) {
    if (value === null) entries.delete(key)
    else entries.set(key, value)
  }
  const bytes = Buffer.concat([before?.bytes ?? Buffer.alloc(0), ...change.bytes])
  const touchedAt = Math.max(before?.touchedAt ?? 0, change.touchedAt ?? record.createdAt)
  return { record, commitId, entries, bytes, touchedAt }
}

function isSame(state: ModelState | null, loaded: LoadedStream | null): boolean {
  if (state === null || loaded === null) return state === loaded
  return (
    state.commitId === loaded.commitId &&
    isDeepStrictEqual(state.record, loaded.record) &&
    ENTRY_KEYS.every((key) => state.entries.get(key) === loaded.entries.get(key))
  )
}

function describe(state: ModelState | LoadedStream | null): string {
  return state === null
    ? 'nothing'
    : `${state.commitId} (${state.record.streamId}, tail ${state.record.tail}, ${JSON.stringify([...state.entries])})`
}
