/**
 * Streams are spread over this many buckets. All keys of a bucket have one hash tag, and so are in one slot of a
 * Redis Cluster: a stream's record, its bytes and the indexes that name it can change in one script. The number is
 * part of the stored form and never changes.
 */
export const BUCKETS = 256

const SLOTS = 16_384
const SLOTS_PER_BUCKET = SLOTS / BUCKETS

/** The bucket of a path: FNV-1a over its UTF-16 units. */
export function bucketOf(path: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < path.length; i++) {
    hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193)
  }
  // The lowest bits of the sum know little of the characters' higher bits.
  return ((hash >>> 0) ^ (hash >>> 15)) & (BUCKETS - 1)
}

/**
 * The hash tag of each bucket: short names, chosen so that bucket number b lies in slots 64b to 64b+63. However a
 * cluster divides its slots into ranges, each range gets its share of the buckets.
 */
export const BUCKET_TAGS: readonly string[] = chooseTags()

/** The slot of a Redis Cluster that a bucket is in. */
export const BUCKET_SLOTS: readonly number[] = BUCKET_TAGS.map(slotOf)

function chooseTags(): string[] {
  const tags = new Array<string>(BUCKETS).fill('')
  let missing = BUCKETS
  for (let i = 0; missing > 0; i++) {
    const tag = i.toString(36)
    const bucket = Math.floor(slotOf(tag) / SLOTS_PER_BUCKET)
    if (tags[bucket] !== '') continue
    tags[bucket] = tag
    missing--
  }
  return tags
}

/** CRC-16/XMODEM modulo the number of slots, as the specification of Redis Cluster has it. */
function slotOf(tag: string): number {
  let crc = 0
  for (let i = 0; i < tag.length; i++) {
    crc ^= tag.charCodeAt(i) << 8
    for (let bit = 0; bit < 8; bit++)
      crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff
  }
  return crc % SLOTS
}
