import type { Level } from '../server/server-case.js'
import type { AdapterFeatures } from './adapter-protocol.js'
import type { ClientContext } from './client-context.js'

/** What is known of a client case without running it. */
export interface ClientCaseInfo {
  /** `client/` and a name: stable, so that lists can refer to it. */
  readonly id: string
  readonly level: Level
  /** The section of the specification that the case checks. */
  readonly section: string
  /** A fact in the present tense. */
  readonly title: string
  /** `any`: works with every server. `stage`: needs the scripted server, which misbehaves on purpose. */
  readonly on: 'any' | 'stage'
  /** What the client must have for the case to mean anything. */
  readonly needs?: readonly (keyof AdapterFeatures)[]
}

export interface ClientCase extends ClientCaseInfo {
  readonly run: (ctx: ClientContext) => Promise<void>
}

/** The adapter says that its client cannot do what the case is about. */
export class NotSupported extends Error {
  override readonly name: string = 'NotSupported'
}
