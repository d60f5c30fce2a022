import type { Arguments, RedisLink, ReplyEncoding } from './redis-link.js'
import type { Router } from './router.js'
import type { ServerGuard } from './server-guard.js'
import { LinkFault, isReplyError, readRefusal } from './replies.js'

export interface CommandSettings {
  readonly router: Router
  readonly guard: ServerGuard
  /** How long a slot that is on its way to another server is waited for. */
  readonly patienceMs: number
  /** How long after a connection was lost commands wait for the next one. */
  readonly reconnectWaitMs: number
}

/** Makes the arguments of a command for the server that it goes to. */
export type ArgumentsFor = (link: RedisLink) => Arguments

const MAX_REDIRECTIONS = 8
const PAUSE_MS = 50
const RECONNECT_POLL_MS = 10

/** Sends commands to the server that has their bucket, wherever that is, and again where it was certainly refused. */
export class Commands {
  readonly #settings: CommandSettings
  #polling: Promise<void> | null = null

  constructor(settings: CommandSettings) {
    this.#settings = settings
  }

  /** Rejects with an error of the server, or with a {@link LinkFault}. */
  send(
    bucket: number,
    name: string,
    argsFor: ArgumentsFor,
    encoding: ReplyEncoding = 'utf8',
  ): Promise<unknown> {
    const link = this.#settings.router.linkOf(bucket)
    if (link === null) return Promise.reject(new LinkFault(false, 'no server of the cluster has this slot'))
    if (!link.isUsable && link.unusableForMs < this.#settings.reconnectWaitMs) {
      return this.#nextPoll().then(() => this.send(bucket, name, argsFor, encoding))
    }
    return link.send(name, argsFor(link), encoding).catch((error: unknown) => {
      if (!isReplyError(error)) throw error
      return this.#sendAgain(bucket, name, argsFor, encoding, link, error)
    })
  }

  /** One timer for all that wait. */
  #nextPoll(): Promise<void> {
    this.#polling ??= pause(RECONNECT_POLL_MS).then(() => {
      this.#polling = null
    })
    return this.#polling
  }

  async #sendAgain(
    bucket: number,
    name: string,
    argsFor: ArgumentsFor,
    encoding: ReplyEncoding,
    firstLink: RedisLink,
    firstError: Error,
  ): Promise<unknown> {
    const { router, guard, patienceMs } = this.#settings
    const deadline = performance.now() + patienceMs
    let link = firstLink
    let error = firstError
    for (let redirections = 0; ;) {
      const refusal = readRefusal(error)
      let isAsking = false
      switch (refusal.kind) {
        case 'no-script':
          if (++redirections > MAX_REDIRECTIONS) throw error
          await guard.loadScripts(link)
          break
        case 'moved':
        case 'ask':
          if (++redirections > MAX_REDIRECTIONS) throw error
          if (refusal.kind === 'moved') await router.refresh()
          link = refusal.kind === 'moved' ? (router.linkOf(bucket) ?? link) : router.linkAt(refusal.address)
          isAsking = refusal.kind === 'ask'
          break
        case 'try-again':
          if (performance.now() > deadline) throw error
          await pause(PAUSE_MS)
          link = router.linkOf(bucket) ?? link
          break
        case 'unavailable':
          if (refusal.isReplica) link.reconnect('has become a replica')
          throw error
        case 'full':
        case 'other':
          throw error
      }
      try {
        if (isAsking) link.send('asking', []).catch(() => undefined)
        return await link.send(name, argsFor(link), encoding)
      } catch (again) {
        const isWaiting = again instanceof LinkFault && !again.wasSent && performance.now() < deadline
        if (isWaiting && redirections <= MAX_REDIRECTIONS) {
          // The server that the slot moved to is only just being connected to.
          await pause(PAUSE_MS)
          await router.refresh()
          link = router.linkOf(bucket) ?? link
        } else if (!isReplyError(again)) throw again
        else error = again
      }
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
