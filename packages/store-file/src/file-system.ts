/** What a file is opened for. */
export type OpenMode = 'read' | 'write' | 'create'

/**
 * What the store needs of a file system: little enough that a simulation can stand in for it. Paths are below the
 * data directory, with `/` between their parts. Methods reject with errors that have a `code` as Node's have.
 */
export interface FileSystem {
  /**
   * Opens a file.
   *
   * - `read`: it must exist.
   * - `write`: it must exist, and may be read, too.
   * - `create`: it is made, or emptied if it exists; it may be read, too.
   *
   * @param isThrough each write should be durable when it resolves, which is faster than a sync after it; whether
   * the system can do that, the file tells
   */
  open(path: string, mode: OpenMode, isThrough?: boolean): Promise<File>
  /** Makes a directory unless it exists. */
  makeDirectory(path: string): Promise<void>
  /** Names of what is in a directory. */
  list(path: string): Promise<string[]>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Makes creations, renames and removals in a directory survive a loss of power. */
  syncDirectory(path: string): Promise<void>
  /**
   * Takes the data directory for this process alone, and returns what lets go of it. Rejects with a StoreError if
   * another process has it.
   */
  lock(): Promise<() => Promise<void>>
}

/** An open file. */
export interface File {
  /** Whether what a write has done survives a loss of power without a sync. */
  readonly isThrough: boolean
  size(): Promise<number>
  /** Fills `into` from a position on, as far as there are bytes, and returns how many it got. */
  read(into: Uint8Array, position: number): Promise<number>
  /** Writes all of it, or rejects; then any part may have been written. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Makes what was written survive a loss of power, the size included. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** Reads exactly `length` bytes; null when the file ends before. */
export async function readExactly(file: File, position: number, length: number): Promise<Uint8Array | null> {
  const into = new Uint8Array(length)
  return (await file.read(into, position)) === length ? into : null
}

/** A small file as a whole; null when there is none. */
export async function readWhole(fileSystem: FileSystem, path: string): Promise<Uint8Array | null> {
  let file: File
  try {
    file = await fileSystem.open(path, 'read')
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null
    throw error
  }
  try {
    return await readExactly(file, 0, await file.size())
  } finally {
    await file.close()
  }
}

/** Replaces a small file in one step that survives a loss of power: either the old one or the new one is found. */
export async function replaceFile(fileSystem: FileSystem, path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  const file = await fileSystem.open(temporary, 'create')
  try {
    await file.write(bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fileSystem.rename(temporary, path)
  await fileSystem.syncDirectory('')
}

/** The `code` of an error of the file system, such as `ENOSPC`. */
export function errorCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}
