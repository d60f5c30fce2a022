import type { CommitMemory } from './commit-memory.js'
import type { RedisLink } from './redis-link.js'
import type { Router } from './router.js'
import type { ServerGuard } from './server-guard.js'
import { StoreError } from '@ds/core'

/** Which server has a bucket, and whether what this node remembers of the bucket is that server's data. */
export class BucketServers {
  readonly #router: Router
  readonly #guard: ServerGuard
  readonly #memory: CommitMemory

  constructor(router: Router, guard: ServerGuard, memory: CommitMemory) {
    this.#router = router
    this.#guard = guard
    this.#memory = memory
  }

  linkOf(bucket: number): RedisLink | null {
    return this.#router.linkOf(bucket)
  }

  /** Whether what is remembered of the bucket was given by the server that has it now; its slot may have moved. */
  knows(bucket: number): boolean {
    const link = this.#router.linkOf(bucket)
    const server = link === null ? undefined : this.#guard.stateOf(link)
    return server === undefined || server.facts.run === this.#memory.known(bucket).run
  }

  /** Compares what the bucket's server has with what is remembered. */
  async meet(bucket: number): Promise<void> {
    const link = this.#router.linkOf(bucket)
    if (link !== null) await this.#guard.readmit(link, bucket)
  }

  /** The run of the server that a commit goes to; refuses where commits are not durable enough. */
  runOf(link: RedisLink): string {
    const server = this.#guard.stateOf(link)
    if (server !== undefined && server.refusal !== null)
      throw new StoreError('unavailable', `${link.address}: ${server.refusal}`)
    return server?.facts.run ?? ''
  }
}
