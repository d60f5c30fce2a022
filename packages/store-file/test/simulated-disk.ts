import type { File, FileSystem, OpenMode } from '../src/file-system.js'
import type { Random } from './random.js'
import { SimulatedDirectory } from './simulated-directory.js'
import { SimulatedFile } from './simulated-file.js'
import { StoreError } from '@ds/core'

/** What may go wrong. */
export interface Faults {
  /** How probable it is that a call fails. */
  rate: number
  /** The number of the call at which the power goes; Infinity for never. */
  crashAt: number
  /** The number of the opening that fails because too many files are open; none when it is left out. */
  failOpenAt?: number
}

const CODES = ['EIO', 'ENOSPC', 'EMFILE'] as const

interface Step {
  readonly run: () => void
}

/**
 * A file system with one level of folders, which forgets at a loss of power what was not synced. Calls that are
 * under way at the same time end in any order.
 */
export class SimulatedDisk implements FileSystem {
  readonly faults: Faults
  readonly #random: Random
  /** Whether this system can write through. */
  readonly #writesThrough: boolean
  readonly #root: SimulatedDirectory
  readonly #folders: Map<string, SimulatedDirectory>
  #steps: Step[] = []
  #calls = 0
  #opens = 0
  #isDead = false
  #isLocked = false
  #onCrash: () => void = () => undefined
  /** Resolves when the power goes. */
  readonly crashed: Promise<void> = new Promise<void>((resolve) => {
    this.#onCrash = resolve
  })

  constructor(
    random: Random,
    faults: Faults,
    root: SimulatedDirectory = new SimulatedDirectory(),
    folders: Map<string, SimulatedDirectory> = new Map<string, SimulatedDirectory>(),
  ) {
    this.#random = random
    this.#writesThrough = random.chance(0.5)
    this.faults = faults
    this.#root = root
    this.#folders = folders
  }

  get isDead(): boolean {
    return this.#isDead
  }

  /** How often a file was opened or should have been. */
  get opens(): number {
    return this.#opens
  }

  get calls(): number {
    return this.#calls
  }

  /** Turns the power off; every call that is under way stays without an answer. */
  crash(): void {
    this.#isDead = true
    this.#onCrash()
  }

  /** The disk as it is found afterwards. If only the process ended, nothing is lost that the kernel had. */
  afterCrash(faults: Faults, lost: 'power' | 'process' = 'power'): SimulatedDisk {
    const choice = this.#random.pick(['nothing', 'everything', 'some', 'some'] as const)
    const survival = lost === 'power' ? choice : 'kernel'
    const root = this.#root.afterCrash(this.#random, survival)
    const folders = new Map<string, SimulatedDirectory>()
    for (const [name, folder] of this.#folders) {
      if (root.folders.has(name)) folders.set(name, folder.afterCrash(this.#random, survival))
    }
    return new SimulatedDisk(this.#random, faults, root, folders)
  }

  /** The content of a file, for tests that damage it. */
  fileAt(path: string): SimulatedFile | undefined {
    const [folder, name] = this.#locate(path)
    return folder.file(name)
  }

  pathsIn(folder: string): string[] {
    return [...(this.#folders.get(folder)?.files.keys() ?? [])].sort().map((name) => `${folder}/${name}`)
  }

  open(path: string, mode: OpenMode, isThrough = false): Promise<File> {
    return this.#call(() => {
      if (++this.#opens === this.faults.failOpenAt) throw failure('EMFILE', path)
      const [folder, name] = this.#locate(path)
      let file = folder.file(name)
      if (file === undefined) {
        if (mode !== 'create') throw failure('ENOENT', path)
        file = new SimulatedFile()
        folder.link(name, file)
      } else if (mode === 'create') file.truncate(0)
      return this.#handle(file, isThrough && this.#writesThrough)
    })
  }

  makeDirectory(path: string): Promise<void> {
    return this.#call(() => {
      if (path === '' || this.#root.folders.has(path)) return
      this.#root.makeFolder(path)
      this.#folders.set(path, new SimulatedDirectory())
    })
  }

  list(path: string): Promise<string[]> {
    return this.#call(() => {
      const folder = this.#folder(path)
      return [...folder.files.keys(), ...folder.folders]
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(() => {
      const [source, name] = this.#locate(from)
      const [target, newName] = this.#locate(to)
      const file = source.file(name)
      if (file === undefined) throw failure('ENOENT', from)
      if (source === target) source.rename(name, newName)
      else {
        target.link(newName, file)
        source.unlink(name)
      }
    })
  }

  remove(path: string): Promise<void> {
    return this.#call(() => {
      const [folder, name] = this.#locate(path)
      if (folder.file(name) === undefined) throw failure('ENOENT', path)
      folder.unlink(name)
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.#call(() => this.#folder(path).sync())
  }

  lock(): Promise<() => Promise<void>> {
    if (this.#isLocked) return Promise.reject(new StoreError('unavailable', 'locked'))
    this.#isLocked = true
    return Promise.resolve(() => {
      this.#isLocked = false
      return Promise.resolve()
    })
  }

  #handle(file: SimulatedFile, isThrough: boolean): File {
    let isOpen = true
    let failuresTold = file.failures
    const sync = (): void => {
      const hasFailed = file.failures > failuresTold
      failuresTold = file.failures
      if (hasFailed) throw failure('EIO', 'a sync before')
      file.sync()
    }
    const failSync = (): void => {
      file.failSync(this.#random)
      failuresTold = file.failures
    }
    const call = <T>(work: () => T, whenFailing?: () => void): Promise<T> => {
      if (!isOpen) throw failure('EBADF', 'a closed file')
      return this.#call(work, whenFailing)
    }
    return {
      isThrough,
      size: () => call(() => file.content.length),
      read: (into, position) => call(() => file.content.subarray(position).copy(into)),
      write: (bytes, position) =>
        call(
          () => {
            file.write(bytes, position)
            if (isThrough) sync()
          },
          () => {
            file.write(bytes.subarray(0, this.#random.below(bytes.length + 1)), position)
            if (isThrough && this.#random.chance(0.5)) failSync()
          },
        ),
      sync: () => call(sync, failSync),
      truncate: (size) => call(() => file.truncate(size)),
      close: () => {
        isOpen = false
        return Promise.resolve()
      },
    }
  }

  /** Runs a call later, in any order with others, unless it fails or the power goes before. */
  #call<T>(work: () => T, whenFailing: () => void = () => undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#steps.push({
        run: () => {
          this.#calls++
          if (this.#isDead) return
          if (this.#calls >= this.faults.crashAt) {
            // What was being done may have been done, partly or not at all.
            if (this.#random.chance(0.3)) whenFailing()
            else if (this.#random.chance(0.5)) attempt(work)
            this.crash()
          } else if (this.#random.chance(this.faults.rate)) {
            whenFailing()
            reject(failure(this.#random.pick(CODES), 'injected'))
          } else settle(work, resolve, reject)
        },
      })
      setImmediate(() => this.#runOne())
    })
  }

  #runOne(): void {
    const at = this.#random.below(this.#steps.length)
    const [step] = this.#steps.splice(at, 1)
    step!.run()
  }

  #folder(path: string): SimulatedDirectory {
    const folder = path === '' ? this.#root : this.#folders.get(path)
    if (folder === undefined) throw failure('ENOENT', path)
    return folder
  }

  #locate(path: string): [SimulatedDirectory, string] {
    const slash = path.indexOf('/')
    return slash === -1 ? [this.#root, path] : [this.#folder(path.slice(0, slash)), path.slice(slash + 1)]
  }
}

function settle<T>(work: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(work())
  } catch (error) {
    reject(error)
  }
}

function attempt(work: () => unknown): void {
  try {
    work()
  } catch {
    // It fails, and the power goes.
  }
}

function failure(code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
