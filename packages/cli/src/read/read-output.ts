import { open, type FileHandle } from 'node:fs/promises'
import { CliError } from '../failures.js'
import { EXIT } from '../exit-codes.js'

/** Where a read is written to. */
export interface ReadOutput {
  /** Bytes that the file has; null for what is no file of ours. */
  readonly written: number | null
  write(data: Uint8Array | string): Promise<void>
  close(): Promise<void>
}

/** A file that is written from a known length on: what a run before wrote without noting it is cut off. */
export class FileOutput implements ReadOutput {
  readonly #handle: FileHandle
  #written: number

  private constructor(handle: FileHandle, written: number) {
    this.#handle = handle
    this.#written = written
  }

  static async open(file: string, from: number): Promise<FileOutput> {
    try {
      const handle = await open(file, from === 0 ? 'w' : 'r+')
      const { size } = await handle.stat()
      if (size < from) {
        await handle.close()
        throw new CliError('FILE', `${file} has ${size} bytes, and had ${from} when the offset was saved`, {
          exitCode: EXIT.conflict,
          hint: 'remove both the file and the saved offset to read everything again',
        })
      }
      await handle.truncate(from)
      return new FileOutput(handle, from)
    } catch (cause) {
      if (cause instanceof CliError) throw cause
      throw new CliError('FILE', `${file} cannot be written: ${(cause as Error).message}`, { cause })
    }
  }

  get written(): number {
    return this.#written
  }

  async write(data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#handle.write(bytes, at, bytes.length - at, this.#written)
      at += bytesWritten
      this.#written += bytesWritten
    }
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}
