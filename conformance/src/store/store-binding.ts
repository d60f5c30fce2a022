import type { MaybePromise, StreamStore } from '@ds/core'

/** What the cases need of a store. Each case asks for a binding of its own. */
export interface StoreBinding {
  /** Open, empty, and used by nobody else. The cases close it. */
  readonly store: StreamStore
  /**
   * Opens the same data again, after the store was closed. Left out where nothing is kept; a store whose
   * `durability` is not `volatile` has to give it.
   */
  readonly reopen?: () => MaybePromise<StreamStore>
  /**
   * Opens the same data a second time, while the store is open. A store with `multiNode` has to give it; another
   * store may, to show that it refuses.
   */
  readonly secondNode?: () => MaybePromise<StreamStore>
  /**
   * Makes the next commit of the store answer `unknown` although it takes place, as when the answer is lost. For
   * stores that can answer so.
   */
  readonly loseNextAnswer?: () => MaybePromise<void>
  /** Opens another, empty store with room for about so many bytes. For stores that can be full. */
  readonly openSmall?: (bytes: number) => MaybePromise<StreamStore>
  /** Removes what is left, once every store of this binding is closed. */
  readonly teardown?: () => MaybePromise<void>
}
