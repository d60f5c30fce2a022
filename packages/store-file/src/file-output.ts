import type { File, FileSystem } from './file-system.js'

const CHUNK_BYTES = 256 << 10
/** Beyond the bytes after which a chunk is written there is room for one more block of a table or a segment. */
const CHUNK_ROOM = CHUNK_BYTES + (64 << 10)
/** What is not synced yet when others sync delays them; so no more than this is left to pile up. */
const SYNC_BYTES = 4 << 20

/** Writes a new file from its beginning to its end, in large pieces. */
export class FileOutput {
  readonly #file: File
  #chunk: Buffer = Buffer.allocUnsafeSlow(CHUNK_ROOM)
  #used = 0
  #written = 0
  #synced = 0

  private constructor(file: File) {
    this.#file = file
  }

  static async create(fileSystem: FileSystem, name: string): Promise<FileOutput> {
    return new FileOutput(await fileSystem.open(name, 'create'))
  }

  /** The position at which the next byte comes to stand. */
  get position(): number {
    return this.#written + this.#used
  }

  /** What has been taken and is not written yet. */
  get chunk(): Buffer {
    return this.#chunk
  }

  /** Whether there is enough to be written. */
  get isFull(): boolean {
    return this.#used >= CHUNK_BYTES
  }

  /** Takes room for bytes, to be filled before anything is written; returns where in {@link chunk} it begins. */
  take(bytes: number): number {
    const at = this.#used
    const end = at + bytes
    if (end > this.#chunk.length) {
      const larger = Buffer.allocUnsafeSlow(end * 2)
      this.#chunk.copy(larger, 0, 0, at)
      this.#chunk = larger
    }
    this.#used = end
    return at
  }

  /** Gives back what was taken last. */
  giveBack(bytes: number): void {
    this.#used -= bytes
  }

  /** Adds a piece; a promise means that there is enough to be written first. */
  add(piece: Uint8Array): Promise<void> | undefined {
    const at = this.take(piece.length)
    this.#chunk.set(piece, at)
    return this.isFull ? this.flush() : undefined
  }

  /** Makes everything durable and closes the file. */
  async finish(): Promise<void> {
    await this.flush()
    await this.#file.sync()
    await this.#file.close()
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined)
  }

  /** Writes what there is; nothing may be added meanwhile. */
  async flush(): Promise<void> {
    await this.#file.write(this.#chunk.subarray(0, this.#used), this.#written)
    this.#written += this.#used
    this.#used = 0
    if (this.#chunk.length > CHUNK_ROOM) this.#chunk = Buffer.allocUnsafeSlow(CHUNK_ROOM)
    if (this.#written - this.#synced < SYNC_BYTES) return
    await this.#file.sync()
    this.#synced = this.#written
  }
}
