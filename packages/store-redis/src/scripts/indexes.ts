/** Reads the indexes of due streams of several buckets that one server has. */
export const DUE_SCRIPT = `
-- KEYS due streams of each bucket
-- ARGV[1] now   ARGV[2] how many at most   ARGV[3] how many of the first bucket to leave out
-- returns for each bucket, as long as there is room, the paths that are due
local pages, left = {}, tonumber(ARGV[2])
for i = 1, #KEYS do
  if left <= 0 then break end
  local offset = i == 1 and ARGV[3] or '0'
  pages[i] = redis.call('ZRANGE', KEYS[i], '-inf', ARGV[1], 'BYSCORE', 'LIMIT', offset, left)
  left = left - #pages[i]
end
return pages
`

/** Removes what the indexes still say of a stream whose keys Redis has removed. */
export const REAP_SCRIPT = `
-- KEYS[1] the stream's head  KEYS[2] due streams of the bucket  KEYS[3] paths of the bucket
-- ARGV[1] path
-- returns 1 if there was something to remove, otherwise 0
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[3], ARGV[1])
`
