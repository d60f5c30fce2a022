import { spawn } from 'node:child_process'

const PRODUCERS = 16
export const STREAMS = 4
/** Offsets and closed streams that are looked at again; the oldest make room. */
const MAX_NOTED = 40

/** What was acknowledged before one of the processes was killed. */
export class Acknowledged {
  /** The number of each producer's next message. */
  readonly next: number[] = new Array<number>(PRODUCERS).fill(0)
  /** Offsets that were handed out, each with the stream that they belong to. */
  readonly offsets: { readonly stream: number; readonly offset: string }[] = []
  readonly closed: string[] = []

  note(line: string): void {
    const [kind, ...words] = line.split(' ')
    if (kind === 'closed') keepFew(this.closed, words[0]!)
    else if (kind === 'message') {
      const [producer, seq] = words.map(Number) as [number, number]
      this.next[producer] = seq + 1
      if (seq % 10 === 0) keepFew(this.offsets, { stream: producer % STREAMS, offset: words[2]! })
    }
  }
}

function keepFew<T>(list: T[], item: T): void {
  list.push(item)
  if (list.length > MAX_NOTED) list.shift()
}

/** Lets a process write until it is killed, and notes what it was told. */
export function writeUntilKilled(
  worker: readonly string[],
  acknowledged: Acknowledged,
  afterMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, worker)
    let output = ''
    let errors = ''
    child.stdout.on('data', (chunk: Buffer) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), afterMs)
      output += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
    child.on('close', (_code, signal) => {
      if (signal !== 'SIGKILL') reject(new Error(`the process ended by itself: ${errors}`))
      // The last line may be cut off.
      for (const line of output.split('\n').slice(0, -1)) acknowledged.note(line)
      resolve()
    })
  })
}
