import { settleChoice, settleNumbers } from '@ds/core'

export interface FileStoreOptions {
  /**
   * When a commit is answered: `fsync` (the default), when the disk has it, so that it survives a loss of power;
   * `os`, when the operating system has it, so that it survives the end of the process.
   */
  readonly durability?: 'fsync' | 'os'
  /** Bytes of journal, which a start after a crash has to read, after which a checkpoint is made. Default 128 MiB. */
  readonly checkpointBytes?: number
  /** Bytes of streams in memory, added since the last checkpoint, after which one is made. Default 48 MiB. */
  readonly unstoredBytes?: number
  /** Changed streams after which a checkpoint is made. Default 131,072. */
  readonly checkpointStreams?: number
  /** How many streams' records are kept at hand, at about half a kilobyte each; changed ones are kept anyway. Default 131,072. */
  readonly cachedStreams?: number
  /** How much of what was read from segments is kept in memory for other readers, in bytes; 0 for none. Default 64 MiB. */
  readonly readCacheBytes?: number
  /** How far the journal is filled with zeros in advance, in bytes. Default 4 MiB. */
  readonly preallocateBytes?: number
  /** Bytes of one write to the journal; a single longer commit still goes whole. Default 16 MiB. */
  readonly batchBytes?: number
  /** How long a call may take before it is given up, in milliseconds. Default 30,000. */
  readonly callTimeoutMs?: number
  /** Told of faults in work that no call waits for, and when opening of what is damaged, one by one. */
  readonly onFault?: (error: unknown) => void
}

/** {@link FileStoreOptions} with nothing left out. */
export type FileStoreSettings = Required<FileStoreOptions>

const NUMBERS = {
  checkpointBytes: 128 << 20,
  unstoredBytes: 48 << 20,
  checkpointStreams: 131_072,
  cachedStreams: 131_072,
  readCacheBytes: 64 << 20,
  preallocateBytes: 4 << 20,
  batchBytes: 16 << 20,
  callTimeoutMs: 30_000,
}

/** Fills in the defaults; throws a RangeError for what cannot be meant. */
export function settle(options: FileStoreOptions): FileStoreSettings {
  return {
    ...settleNumbers(options, NUMBERS, ['readCacheBytes']),
    durability: settleChoice('durability', options.durability, ['fsync', 'os']),
    onFault: options.onFault ?? (() => undefined),
  }
}
