import type { Random } from './random.js'
import type { SimulatedFile, Survival } from './simulated-file.js'

type Entry = SimulatedFile | 'folder'

type PendingChange =
  | { readonly kind: 'link'; readonly name: string; readonly entry: Entry }
  | { readonly kind: 'unlink'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }

/** The names in a directory: as programs see them, as the disk has them, and what lies between the two. */
export class SimulatedDirectory {
  #current: Map<string, Entry>
  #durable: Map<string, Entry>
  #pending: PendingChange[] = []

  constructor(entries: ReadonlyMap<string, Entry> = new Map<string, Entry>()) {
    this.#current = new Map(entries)
    this.#durable = new Map(entries)
  }

  get files(): ReadonlyMap<string, SimulatedFile> {
    const files = new Map<string, SimulatedFile>()
    for (const [name, entry] of this.#current) if (entry !== 'folder') files.set(name, entry)
    return files
  }

  file(name: string): SimulatedFile | undefined {
    const entry = this.#current.get(name)
    return entry === 'folder' ? undefined : entry
  }

  get folders(): ReadonlySet<string> {
    return new Set([...this.#current].flatMap(([name, entry]) => (entry === 'folder' ? [name] : [])))
  }

  link(name: string, entry: SimulatedFile): void {
    this.#change({ kind: 'link', name, entry })
  }

  makeFolder(name: string): void {
    this.#change({ kind: 'link', name, entry: 'folder' })
  }

  unlink(name: string): void {
    this.#change({ kind: 'unlink', name })
  }

  rename(from: string, to: string): void {
    this.#change({ kind: 'rename', from, to })
  }

  sync(): void {
    for (const change of this.#pending) apply(this.#durable, change)
    this.#pending = []
  }

  /** Any of the changes that were not synced may be missing; each is there as a whole or not at all. */
  afterCrash(random: Random, survival: Survival): SimulatedDirectory {
    const entries = new Map(this.#durable)
    const kept = survival === 'nothing' ? 0 : survival === 'some' ? 0.5 : 1
    for (const change of this.#pending) if (random.chance(kept)) apply(entries, change)
    const after = new Map<string, Entry>()
    for (const [name, entry] of entries) {
      after.set(name, entry === 'folder' ? entry : entry.afterCrash(random, survival))
    }
    return new SimulatedDirectory(after)
  }

  #change(change: PendingChange): void {
    apply(this.#current, change)
    this.#pending.push(change)
  }
}

function apply(entries: Map<string, Entry>, change: PendingChange): void {
  if (change.kind === 'link') entries.set(change.name, change.entry)
  else if (change.kind === 'unlink') entries.delete(change.name)
  else {
    const entry = entries.get(change.from)
    if (entry === undefined) return
    entries.delete(change.from)
    entries.set(change.to, entry)
  }
}
