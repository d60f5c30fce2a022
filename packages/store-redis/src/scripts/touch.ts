import { LIFETIME } from './lifetime.js'

/** Moves the start of an incarnation's expiry window; of two moments the later one stands. */
// eslint-disable-next-line @typescript-eslint/no-inferrable-types -- declarations are made file by file
export const TOUCH_SCRIPT: string = `
-- KEYS[1] the stream's head  KEYS[2] due streams of the bucket
-- ARGV[1] incarnation        ARGV[2] moment
-- ARGV[3] path               ARGV[4] prefix of all chunks    ARGV[5] margin of expiry, ms
-- returns 1 if the window was moved, otherwise 0
${LIFETIME}
local old = redis.call('HMGET', KEYS[1], 'i', 't', 'd', 'x', 'c', 'k')
if old[1] ~= ARGV[1] or tonumber(ARGV[2]) <= tonumber(old[2]) then return 0 end
local prefix, chunks = ARGV[4] .. (old[6] or old[1]) .. ':', tonumber(old[5])
if old[3] then reachChunks(prefix, chunks) end
redis.call('HSET', KEYS[1], 't', ARGV[2])
if old[3] then
  settleLifetime(KEYS[1], KEYS[2], ARGV[3], old[3], tonumber(ARGV[2]), old[4], prefix, chunks, tonumber(ARGV[5]))
end
return 1
`
