import type { Acknowledgement } from './server-guard.js'
import type { RedisLink } from './redis-link.js'
import { LinkFault } from './replies.js'

/**
 * Waits until replicas have what was committed. All commits that a link carries in one turn of the event loop share one
 * question.
 */
export class Acknowledgements {
  readonly #command: string
  readonly #args: readonly string[]
  readonly #check: (reply: unknown) => boolean
  readonly #pending = new Map<RedisLink, Promise<boolean>>()
  /** Links on which commits were made that may not have reached the replicas. */
  readonly #uncertain = new WeakSet<RedisLink>()

  constructor({ replicas, synced, timeoutMs }: Required<Acknowledgement>) {
    this.#command = synced ? 'waitaof' : 'wait'
    this.#args = [...(synced ? ['1'] : []), String(replicas), String(timeoutMs)]
    this.#check = (reply) => {
      if (!synced) return (reply as number) >= replicas
      const [local, remote] = reply as [number, number]
      return local >= 1 && remote >= replicas
    }
  }

  /** Whether everything that was sent over the link until now is where it is to be. */
  confirm(link: RedisLink): Promise<boolean> {
    let pending = this.#pending.get(link)
    if (pending === undefined) {
      // After all commands of this turn, because it speaks for those before it.
      pending = new Promise<void>((resolve) => process.nextTick(resolve)).then(() => {
        this.#pending.delete(link)
        return this.#ask(link)
      })
      this.#pending.set(link, pending)
    }
    return pending
  }

  /** Rejects, as if the answer had been lost, when what was sent over the link is not where it is to be. */
  async require(link: RedisLink | null): Promise<void> {
    if (link === null || (await this.confirm(link))) return
    throw new LinkFault(true, 'the commit did not reach the replicas in time')
  }

  /** What nobody else has must not be shown either: whether the link's data may be. */
  confirmBeforeLooking(link: RedisLink): Promise<boolean> | true {
    return this.#uncertain.has(link) ? this.confirm(link) : true
  }

  async #ask(link: RedisLink): Promise<boolean> {
    this.#uncertain.add(link)
    const isConfirmed = await link.send(this.#command, this.#args).then(this.#check, () => false)
    if (isConfirmed) this.#uncertain.delete(link)
    return isConfirmed
  }
}
