import type { File } from './file-system.js'

/** A file that several reads use at once; it is closed when it was retired and the last of them has ended. */
export class SharedFile {
  readonly #file: File
  #users = 0
  #isRetired = false
  #isClosed = false

  constructor(file: File) {
    this.#file = file
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Keeps the file open until `release`; it must not be closed yet. */
  hold(): void {
    this.#users++
  }

  async release(): Promise<void> {
    this.#users--
    await this.#closeWhenDone()
  }

  async use<T>(work: (file: File) => Promise<T>): Promise<T> {
    this.hold()
    try {
      return await work(this.#file)
    } finally {
      await this.release()
    }
  }

  /** Nothing new uses it from now on. */
  async retire(): Promise<void> {
    this.#isRetired = true
    await this.#closeWhenDone()
  }

  async #closeWhenDone(): Promise<void> {
    if (!this.#isRetired || this.#isClosed || this.#users > 0) return
    this.#isClosed = true
    await this.#file.close().catch(() => undefined)
  }
}
