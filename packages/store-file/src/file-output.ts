import type { File, FileSystem } from './file-system.js'

const CHUNK_BYTES = 256 << 10
/** What is not synced yet when others sync delays them; so no more than this is left to pile up. */
const SYNC_BYTES = 4 << 20

/** Writes a new file from its beginning to its end, in large pieces. */
export class FileOutput {
  readonly #file: File
  #chunk: Uint8Array[] = []
  #chunkBytes = 0
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
    return this.#written + this.#chunkBytes
  }

  /** Takes a piece, which must not change any more; a promise means that there is enough to be written first. */
  add(piece: Uint8Array): Promise<void> | undefined {
    this.#chunk.push(piece)
    this.#chunkBytes += piece.length
    return this.#chunkBytes >= CHUNK_BYTES ? this.#flush() : undefined
  }

  /** Makes everything durable and closes the file. */
  async finish(): Promise<void> {
    await this.#flush()
    await this.#file.sync()
    await this.#file.close()
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined)
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#chunk)
    this.#chunk = []
    this.#chunkBytes = 0
    await this.#file.write(bytes, this.#written)
    this.#written += bytes.length
    if (this.#written - this.#synced < SYNC_BYTES) return
    await this.#file.sync()
    this.#synced = this.#written
  }
}
