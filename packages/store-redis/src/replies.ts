import { StoreError } from '@ds/core'

/** Why a command has no result. */
export class LinkFault extends Error {
  /** False when the server certainly never got it. */
  readonly wasSent: boolean
  constructor(wasSent: boolean, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'LinkFault'
    this.wasSent = wasSent
  }
}

/** What an error of the server means for the command that it answers; in each case but `other` nothing has changed. */
export type Refusal =
  /** The slot is served by another node of the cluster. */
  | { readonly kind: 'moved'; readonly address: string }
  /** The key is on its way to another node of the cluster, which is to be asked for this once. */
  | { readonly kind: 'ask'; readonly address: string }
  /** Some keys of the slot are here and some at another node; that passes. */
  | { readonly kind: 'try-again' }
  | { readonly kind: 'no-script' }
  | { readonly kind: 'full' }
  /** This server takes no writes, or nothing at all, for now. */
  | { readonly kind: 'unavailable'; readonly isReplica: boolean }
  /** Who knows. */
  | { readonly kind: 'other' }

/** Codes with which Redis refuses a command before it has any effect. */
const UNAVAILABLE: ReadonlySet<string> = new Set([
  'READONLY',
  'LOADING',
  'MASTERDOWN',
  'CLUSTERDOWN',
  'NOREPLICAS',
  'MISCONF',
  'BUSY',
  'NOAUTH',
  'NOPERM',
  'WRONGPASS',
  'UNKILLABLE',
])
/** What a script is told that reaches for a key which is on its way to another node. */
const NON_LOCAL_KEY = 'non local key'

/** True for an error that the server answered with. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Reads an error of the server; its first word is its code, also where a script has passed it on. */
export function readRefusal(error: Error): Refusal {
  const { message } = error
  const [code = '', , address = ''] = message.split(' ', 3)
  if (code === 'MOVED') return { kind: 'moved', address }
  if (code === 'ASK') return { kind: 'ask', address }
  if (code === 'TRYAGAIN' || message.includes(NON_LOCAL_KEY)) return { kind: 'try-again' }
  if (code === 'NOSCRIPT') return { kind: 'no-script' }
  if (code === 'OOM') return { kind: 'full' }
  if (UNAVAILABLE.has(code)) return { kind: 'unavailable', isReplica: code === 'READONLY' }
  return { kind: 'other' }
}

/** What kept a call from being made, as the contract knows it. */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error
  if (isReplyError(error) && readRefusal(error).kind === 'full') {
    return new StoreError('full', 'Redis has no memory left', { cause: error })
  }
  const message = error instanceof Error ? error.message : 'Redis cannot be used'
  return new StoreError('unavailable', message, { cause: error })
}
