import type { File, FileSystem } from './file-system.js'

const CHUNK = new Uint8Array(256 << 10)

/**
 * Room that a journal file has in advance, filled with zeros: writes that change neither a file's size nor what is
 * allocated to it become durable much faster.
 *
 * Where files are written through, it grows in the background before it is used up, through a handle of its own:
 * there the kernel tells every handle once that something could not be written, so the one that writes records does
 * not miss what concerns them. Elsewhere it grows together with a record, so that one sync tells of both.
 */
export class JournalRoom {
  readonly #fileSystem: FileSystem
  /** How much is made at a time; 0 for none. */
  readonly #bytes: number
  #name = ''
  /** How far the file reaches, zeros included. */
  #end = 0
  #growing: Promise<void> | null = null

  constructor(fileSystem: FileSystem, bytes: number) {
    this.#fileSystem = fileSystem
    this.#bytes = bytes
  }

  /** Goes on with another file, or with one that was cut; nothing may grow meanwhile. */
  reset(name: string, end: number): void {
    this.#name = name
    this.#end = end
  }

  /** A promise means that zeros are being written where something is to come to stand, and have to be waited for. */
  freeUpTo(end: number): Promise<void> | null {
    return end > this.#end ? this.#growing : null
  }

  /** Makes room behind what has been written and is about to be synced, if that has used up what there was. */
  async growBeforeSync(file: File, end: number): Promise<void> {
    if (this.#bytes === 0 || end <= this.#end) return
    this.#end = end
    try {
      await fill(file, end, end + this.#bytes)
      this.#end = end + this.#bytes
    } catch {
      // It is only for speed. What was written of it is zeros.
    }
  }

  /** Takes note of what has been written through, and makes more room when there is little. */
  growInBackground(end: number): void {
    if (end > this.#end) this.#end = end
    if (this.#bytes === 0 || this.#growing !== null || this.#end - end >= this.#bytes / 2) return
    this.#growing = this.#grow()
      .catch(() => undefined)
      .finally(() => (this.#growing = null))
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#growing
  }

  async #grow(): Promise<void> {
    const to = this.#end + this.#bytes
    const file = await this.#fileSystem.open(this.#name, 'write')
    try {
      await fill(file, this.#end, to)
      await file.sync()
      this.#end = to
    } finally {
      await file.close()
    }
  }
}

async function fill(file: File, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += CHUNK.length)
    await file.write(CHUNK.subarray(0, Math.min(CHUNK.length, to - at)), at)
}
