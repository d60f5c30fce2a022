import * as fs from 'node:fs'
import * as path from 'node:path'
import type { File, FileSystem, OpenMode } from './file-system.js'
import { errorCodeOf } from './file-system.js'
import { lockDirectory } from './directory-lock.js'

const { O_RDONLY, O_RDWR, O_CREAT, O_TRUNC, O_DSYNC } = fs.constants
const FLAGS: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT | O_TRUNC,
}
/** On other systems such a write leaves the data in the memory of the disk, or there is no such flag. */
const CAN_WRITE_THROUGH = process.platform === 'linux'
const NEW_FILE_MODE = 0o666

/** The file system of this machine, below one directory. */
export class NodeFileSystem implements FileSystem {
  readonly #root: string

  constructor(root: string) {
    this.#root = path.resolve(root)
  }

  async open(name: string, mode: OpenMode, isThrough = false): Promise<File> {
    const writesThrough = isThrough && CAN_WRITE_THROUGH
    const flags = writesThrough ? FLAGS[mode] | O_DSYNC : FLAGS[mode]
    const place = this.#at(name)
    return new NodeFile(
      await call<number>((done) => fs.open(place, flags, NEW_FILE_MODE, done)),
      writesThrough,
    )
  }

  async makeDirectory(name: string): Promise<void> {
    await fs.promises.mkdir(this.#at(name), { recursive: name === '' }).catch((error: unknown) => {
      if (errorCodeOf(error) !== 'EEXIST') throw error
    })
  }

  list(name: string): Promise<string[]> {
    return fs.promises.readdir(this.#at(name))
  }

  rename(from: string, to: string): Promise<void> {
    return fs.promises.rename(this.#at(from), this.#at(to))
  }

  remove(name: string): Promise<void> {
    return fs.promises.unlink(this.#at(name))
  }

  async syncDirectory(name: string): Promise<void> {
    // Windows cannot open directories; there the file system's own journal has to do.
    if (process.platform === 'win32') return
    const handle = await fs.promises.open(this.#at(name), 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  lock(): Promise<() => Promise<void>> {
    return lockDirectory(this.#root)
  }

  #at(name: string): string {
    return path.join(this.#root, name)
  }
}

/** Callbacks instead of file handles, because they cost the journal's writes the least. */
class NodeFile implements File {
  readonly isThrough: boolean
  readonly #descriptor: number

  constructor(descriptor: number, isThrough: boolean) {
    this.#descriptor = descriptor
    this.isThrough = isThrough
  }

  async size(): Promise<number> {
    return (await call<fs.Stats>((done) => fs.fstat(this.#descriptor, done))).size
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let got = 0
    while (got < into.length) {
      const at = got
      const count = await call<number>((done) =>
        fs.read(this.#descriptor, into, at, into.length - at, position + at, done),
      )
      if (count === 0) break
      got += count
    }
    return got
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    let written = 0
    while (written < bytes.length) {
      const at = written
      written += await call<number>((done) =>
        fs.write(this.#descriptor, bytes, at, bytes.length - at, position + at, done),
      )
    }
  }

  sync(): Promise<void> {
    return call((done) => fs.fdatasync(this.#descriptor, done))
  }

  truncate(size: number): Promise<void> {
    return call((done) => fs.ftruncate(this.#descriptor, size, done))
  }

  close(): Promise<void> {
    return call((done) => fs.close(this.#descriptor, done))
  }
}

function call<T>(start: (done: (error: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null) resolve(value as T)
      else reject(error)
    })
  })
}
