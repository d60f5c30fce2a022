import type { Argument } from './redis-link.js'
import type { CommitPlan } from './commit-plan.js'
import type { CommitResult, StreamChange, StreamPath, Version } from '@ds/core'
import type { OpenParts } from './open-store.js'
import type { StreamKeys } from './keys.js'
import { LinkFault, isReplyError, readRefusal, toStoreError } from './replies.js'
import { StoreError } from '@ds/core'
import { formatVersion, parseVersion } from './stream-version.js'
import { planCommit } from './commit-plan.js'
import { readHead } from './stream-heads.js'

/** How often a commit is sent again because it is another node's turn, or a server had to be examined first. */
const MAX_COMMIT_ATTEMPTS = 64
/** After so many conflicts in a row a node asks that the next commit of the stream be its own. */
const PATIENCE = 3
const TURN_POLL_MS = 3

type CommitReply =
  | [kind: 'ok', number: number]
  | [kind: 'conflict', ...found: (string | null)[]]
  | [kind: 'gate']
  | [kind: 'reserved', leftMs: number]
  | [kind: 'named' | 'corrupt', what: string]

/** A commit on its way. */
interface SingleCommit {
  readonly path: StreamPath
  readonly keys: StreamKeys
  readonly expected: Version | null
  readonly change: StreamChange
  readonly plan: CommitPlan
}

/** Commits changes of any kind, each by a call of the commit script. */
export class SingleCommits {
  readonly #parts: OpenParts

  constructor(parts: OpenParts) {
    this.#parts = parts
  }

  async commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    try {
      return await this.#commit(path, expected, change)
    } catch (cause) {
      return this.concludeFailure(path, cause)
    }
  }

  /** What was sent and not answered may have happened; what was refused has not, and rejects. */
  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws is a rejection
  async concludeFailure(path: StreamPath, cause: unknown): Promise<CommitResult> {
    this.#parts.recollections.forget(path)
    if (cause instanceof LinkFault && cause.wasSent) return { kind: 'unknown', cause }
    if (isReplyError(cause) && readRefusal(cause).kind === 'other') return { kind: 'unknown', cause }
    throw toStoreError(cause)
  }

  async #commit(path: StreamPath, expected: Version | null, change: StreamChange): Promise<CommitResult> {
    const { keys: names, constants, incarnations, recollections, servers } = this.#parts
    const keys = names.ofStream(path)
    const { bucket } = keys
    const plan = planCommit(path, names.blobPrefix(bucket), expected, change, constants)
    const commit = { path, keys, expected, change, plan }
    const streamId = change.record?.streamId
    let blobId: string = streamId === undefined ? '' : (incarnations.get(streamId)?.blobId ?? streamId)
    const takesTurn = recollections.conflictsOf(path) >= PATIENCE
    for (let attempt = 1; attempt <= MAX_COMMIT_ATTEMPTS; attempt++) {
      if (!servers.knows(bucket)) await servers.meet(bucket)
      const reply = await this.#send(keys, plan, blobId, takesTurn)
      switch (reply[0]) {
        case 'ok':
          return this.#conclude(commit, blobId, reply[1])
        case 'conflict': {
          const entryKeys = [...change.entries.keys()]
          const found = readHead(this.#parts, bucket, path, reply.slice(1), entryKeys)
          recollections.found(path, found, entryKeys)
          return { kind: 'conflict' }
        }
        case 'corrupt':
          throw new StoreError('corrupt', `${reply[1]} is not as long as the stream's record says`)
        case 'named':
          blobId = reply[1]
          break
        case 'reserved':
          await new Promise((resolve) => setTimeout(resolve, Math.min(TURN_POLL_MS, reply[1])))
          break
        case 'gate':
          await servers.meet(bucket)
      }
    }
    throw new StoreError('unavailable', `what Redis has of ${path} is still being examined`)
  }

  /** The script has done it; what is left is to make sure that replicas have it, and to tell everybody. */
  async #conclude(
    { path, keys, expected, change }: SingleCommit,
    blobId: string,
    number: number,
  ): Promise<CommitResult> {
    const { incarnations, acknowledgements, servers, memory, recollections, wakeUps } = this.#parts
    await acknowledgements?.require(servers.linkOf(keys.bucket))
    const { record, commitId, commutes } = change
    memory.note(keys.bucket, path, record?.streamId ?? null, number)
    if (record !== null) incarnations.note(record.streamId, record.base, blobId)
    const staysInShape = commutes === true && expected !== null
    const shapedBy = staysInShape ? parseVersion(String(expected)).shapedBy : commitId
    const version = formatVersion(shapedBy, number, commitId)
    recollections.committed(path, expected, change, version)
    wakeUps.committed(path, commitId)
    return { kind: 'committed', version }
  }

  #send(keys: StreamKeys, plan: CommitPlan, blobId: string, takesTurn: boolean): Promise<CommitReply> {
    const { commands, keys: names, scripts, servers } = this.#parts
    const { meta, due, paths } = names.ofBucket(keys.bucket)
    const chunkPrefix = names.chunkPrefix(keys.bucket, blobId)
    const chunks = plan.appends.map(({ index }) => `${chunkPrefix}${index}`)
    const keyArgs = [keys.head, due, paths, keys.made, meta, ...chunks]
    const before: Argument[] = [scripts.commit, String(keyArgs.length), ...keyArgs]
    const after = plan.argsFor(blobId, takesTurn)
    return commands.send(keys.bucket, 'evalsha', (link) => [
      ...before,
      servers.runOf(link),
      ...after,
    ]) as Promise<CommitReply>
  }
}
