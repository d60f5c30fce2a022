import { BUCKET_TAGS, bucketOf } from './buckets.js'

/** The names of the keys of one stream. */
export interface StreamKeys {
  readonly bucket: number
  /**
   * A hash: version, record, entries, and what the scripts need to know. The channel on which the ids of the stream's
   * commits are published has the same name.
   */
  readonly head: string
  /** A sorted set: commits that created a stream at this path and were removed since; outlives the stream a while. */
  readonly made: string
}

/** The names of the keys of one bucket. */
export interface BucketKeys {
  /** A hash: which server's data it is, and how many commits were made. */
  readonly meta: string
  /** A sorted set: paths by the moment when they are due. */
  readonly due: string
  /** A sorted set in which all scores are 0: paths in the order of their bytes. */
  readonly paths: string
}

/** Makes the names of all keys. They begin with the prefix, followed by the bucket's hash tag. */
export class KeyNames {
  readonly #prefixes: readonly string[]
  readonly #buckets: readonly BucketKeys[]

  constructor(prefix: string) {
    this.#prefixes = BUCKET_TAGS.map((tag) => `${prefix}{${tag}}`)
    this.#buckets = this.#prefixes.map((start) => ({
      meta: `${start}meta`,
      due: `${start}due`,
      paths: `${start}paths`,
    }))
  }

  ofStream(path: string): StreamKeys {
    const bucket = bucketOf(path)
    const start = this.#prefixes[bucket]!
    return { bucket, head: `${start}s:${path}`, made: `${start}m:${path}` }
  }

  ofBucket(bucket: number): BucketKeys {
    return this.#buckets[bucket]!
  }

  /** What the names of an incarnation's chunks begin with; their numbers follow. */
  chunkPrefix(bucket: number, blobId: string): string {
    return `${this.blobPrefix(bucket)}${blobId}:`
  }

  /** What the names of all chunks of the bucket begin with. */
  blobPrefix(bucket: number): string {
    return `${this.#prefixes[bucket]!}b:`
  }
}
