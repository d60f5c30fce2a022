/**
 * Finds out whether a server holds the data that the caller knows of a bucket, and admits a server that has none of
 * its own: one that was restarted, or a replica that has taken over.
 *
 * Before commits are admitted, everybody who remembers more than the server has gets time to say so.
 */
export const ADMIT_SCRIPT = `
-- KEYS[1] meta of the bucket: a hash of
--           run the server whose commits are admitted, n number of the last commit,
--           candidate the server to be admitted, since when it is that, how many commits it had then,
--           past servers of before, and how many commits there were when each was replaced,
--           layout which keys and fields the bucket's data has
-- ARGV[1] run of this server         ARGV[2] run under which the caller knows the bucket, or ''
-- ARGV[3] last commit that the caller knows of
-- ARGV[4] how long to wait, ms       ARGV[5] for how long this server has been running, ms
-- ARGV[6] the caller's layout
-- returns {'admitted' or 'waiting', how many commits there were when the caller's server was replaced, ms to wait},
--   or {'foreign', the layout that is found, 0} and changes nothing
local run, callersRun, known = ARGV[1], ARGV[2], tonumber(ARGV[3])
local meta = redis.call('HMGET', KEYS[1], 'run', 'n', 'candidate', 'since', 'had', 'past', 'layout')
if meta[1] and meta[7] ~= ARGV[6] then return {'foreign', tonumber(meta[7] or 0), 0} end
local past = meta[6] or ''
-- What the caller knows ends where its server was replaced, though others may have gone on since.
local function comparable(number)
  if callersRun == '' or callersRun == meta[1] then return number end
  return tonumber(string.match(past, callersRun .. ':(%d+)') or string.match(past, ':(%d+) $') or number)
end
if meta[1] == run then return {'admitted', comparable(tonumber(meta[2] or 0)), 0} end
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local since, had = tonumber(meta[4] or 0), tonumber(meta[5] or 0)
if meta[3] ~= run then
  since, had = now, tonumber(meta[2] or 0)
  redis.call('HSET', KEYS[1], 'candidate', run, 'since', string.format('%.0f', now), 'had', had)
end
local left = since + tonumber(ARGV[4]) - now
-- A server that has run for a while and has no data is a new one, not one that has lost it.
if not meta[1] and had == 0 and known == 0 then left = math.min(left, tonumber(ARGV[4]) - tonumber(ARGV[5])) end
if left > 0 then return {'waiting', comparable(had), left} end
local longer = past .. (meta[1] or 'none') .. ':' .. had .. ' '
if #longer > 512 then longer = string.match(longer, '^%S+ (.*)$') end
redis.call('HSET', KEYS[1], 'run', run, 'past', longer, 'layout', ARGV[6])
redis.call('HDEL', KEYS[1], 'candidate', 'since', 'had')
return {'admitted', comparable(had), 0}
`

/**
 * Gives a stream another incarnation that has the same content, because commits that were acknowledged are missing:
 * positions behind its tail were handed out, and must not come to mean something else.
 */
export const REINCARNATE_SCRIPT = `
-- KEYS[1] the stream's head          KEYS[2] meta of the bucket
-- ARGV[1] run of this server         ARGV[2] incarnation, or '' for whichever it is
-- ARGV[3] incarnation to be          ARGV[4] commit id
-- ARGV[5] command to publish with
-- returns 1 if the stream was changed, otherwise 0
local old = redis.call('HMGET', KEYS[1], 'i', 'r', 'k', 'a', 'q')
if not old[1] or (ARGV[2] ~= '' and old[1] ~= ARGV[2]) or old[5] == ARGV[1] then return 0 end
local field = '"streamId":"' .. old[1] .. '"'
local from, to = string.find(old[2], field, 1, true)
if not from then return 0 end
local record = string.sub(old[2], 1, from - 1) .. '"streamId":"' .. ARGV[3] .. '"' .. string.sub(old[2], to + 1)
local number = redis.call('HINCRBY', KEYS[2], 'n', 1)
redis.call('HSET', KEYS[1], 'v', number .. '.' .. ARGV[4], 'r', record, 'i', ARGV[3], 'k', old[3] or old[1],
  'g', ARGV[4], 'a', (old[4] or '') .. old[1] .. ' ', 'q', ARGV[1])
-- Others have as much time again.
if redis.call('HEXISTS', KEYS[2], 'since') == 1 then
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[2], 'since', string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
end
redis.call(ARGV[5], KEYS[1], ARGV[4])
return 1
`
