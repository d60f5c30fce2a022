import * as fs from 'node:fs'
import * as path from 'node:path'
import { StoreError } from '@ds/core'
import { randomBytes } from 'node:crypto'

/**
 * Node can neither flock nor fcntl, and a lock file that names its owner cannot be taken over safely: between
 * finding the owner dead and replacing the file, somebody else may have done so. Therefore every process makes a
 * file of its own first, whose name says who it is, and only then looks for those of others. Of two that come at
 * the same time at least one sees the other, so there are never two owners; whoever sees a living one withdraws.
 * Files of dead processes are removed by whoever finds them, which harms nobody, as no name is used twice.
 *
 * A process is dead if the machine was started anew since, or if no process has its number, or if the one that has
 * it began at another time. The processes of another container cannot be seen; they count as dead when they have
 * not renewed their file for a while.
 */
const PREFIX = 'LOCK.'
const RENEW_MS = 5_000
const FOREIGN_DEAD_AFTER_MS = 30_000
/** Two that withdraw from each other try again after pauses of different length. */
const ATTEMPTS = 4
const PAUSE_MS = 40

/** Who holds a lock; all of it stands in the name of the file. */
interface Owner {
  readonly boot: string
  readonly space: string
  readonly pid: number
  readonly startedAt: string
}

/** Whether a name in the data directory belongs to a lock. */
export function isLockName(name: string): boolean {
  return name.startsWith(PREFIX)
}

/** Takes a directory for this process; rejects with a StoreError when another one has it. */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const self: Owner = { boot: bootId(), space: pidSpace(), pid: process.pid, startedAt: startOf(process.pid) }
  for (let attempt = 1; ; attempt++) {
    const random = randomBytes(6).toString('hex')
    const name = `${PREFIX}${[self.boot, self.space, self.pid, self.startedAt, random].join('.')}`
    const file = path.join(directory, name)
    await fs.promises.writeFile(file, `held by process ${self.pid}\n`, { flag: 'wx' })
    const rival = await findLiving(directory, name, self)
    if (rival === null) return keep(file)
    await fs.promises.rm(file, { force: true })
    if (attempt === ATTEMPTS) {
      throw new StoreError('unavailable', `process ${rival.pid} has ${directory} open`)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())))
  }
}

function keep(file: string): () => Promise<void> {
  const renewing = setInterval(() => {
    const now = new Date()
    fs.utimes(file, now, now, () => undefined)
  }, RENEW_MS)
  renewing.unref()
  return async () => {
    clearInterval(renewing)
    await fs.promises.rm(file, { force: true })
  }
}

/** Another living owner, after removing what dead ones left. */
async function findLiving(directory: string, own: string, self: Owner): Promise<Owner | null> {
  for (const name of await fs.promises.readdir(directory)) {
    if (!isLockName(name) || name === own) continue
    const owner = parseName(name)
    const file = path.join(directory, name)
    if (owner !== null && (await isAlive(owner, self, file))) return owner
    await fs.promises.rm(file, { force: true })
  }
  return null
}

function parseName(name: string): Owner | null {
  const [boot, space, pid, startedAt] = name.slice(PREFIX.length).split('.')
  if (boot === undefined || space === undefined || startedAt === undefined) return null
  return { boot, space, pid: Number(pid), startedAt }
}

async function isAlive(owner: Owner, self: Owner, file: string): Promise<boolean> {
  if (owner.boot !== self.boot) return false
  if (owner.space !== self.space) {
    const stats = await fs.promises.stat(file).catch(() => null)
    return stats !== null && Date.now() - stats.mtimeMs < FOREIGN_DEAD_AFTER_MS
  }
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const startedAt = startOf(owner.pid)
  if (startedAt === ENDED) return false
  return startedAt === UNKNOWN || owner.startedAt === UNKNOWN || startedAt === owner.startedAt
}

const UNKNOWN = 'unknown'
const ENDED = 'ended'

/** Changes when the machine is started anew. */
function bootId(): string {
  return readText('/proc/sys/kernel/random/boot_id')?.trim().slice(0, 18) ?? UNKNOWN
}

/** Tells containers with process numbers of their own from each other. */
function pidSpace(): string {
  try {
    return fs.readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')
  } catch {
    return UNKNOWN
  }
}

/**
 * When a process began, in ticks since the machine did: its number alone may be used again. One that has ended, and
 * that its parent has not taken note of yet, still has a number.
 */
function startOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`)
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields?.[0] === 'Z' || fields?.[0] === 'X') return ENDED
  return fields?.[19] ?? UNKNOWN
}

function readText(file: string): string | null {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
