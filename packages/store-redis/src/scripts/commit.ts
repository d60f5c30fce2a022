import { LIFETIME } from './lifetime.js'

/**
 * Changes one stream, all of it or nothing, if its version is the expected one.
 *
 * Everything is read and compared before the first write, because Redis takes nothing back when a script fails. The
 * chunks of an incarnation that are not appended to are not among KEYS; they are in the slot of those that are.
 */
// eslint-disable-next-line @typescript-eslint/no-inferrable-types -- declarations are made file by file
export const COMMIT_SCRIPT: string = `
-- KEYS[1] the stream's head: a hash of
--           v version, r record but for its tail, l tail, i incarnation, t touched at, c chunks,
--           g commit that last changed more than the length, m commit that made it,
--           b position of the first byte, k what its chunks are named after if not the incarnation,
--           a incarnations that it was before, d moments, x until when chunks are kept,
--           w whose turn it is and until when, e:* entries;
--         and the channel on which the ids of the stream's commits are published
-- KEYS[2] due streams of the bucket    KEYS[3] paths of the bucket    KEYS[4] commits that made this stream before
-- KEYS[5] meta of the bucket           KEYS[6...] chunks to append to
-- ARGV[1] run of this server           ARGV[2] expected version, '' for no stream
-- ARGV[3] commit id                    ARGV[4] path
-- ARGV[5] record but for its tail, '' to remove, '=' if it stays
-- ARGV[6] incarnation
-- ARGV[7] what its chunks are named after
-- ARGV[8] new touched at, '' for none  ARGV[9] touched at of a new incarnation
-- ARGV[10] touched at expected, or ''  ARGV[11] moments, '' for none
-- ARGV[12] prefix of all chunks        ARGV[13] chunks after the change
-- ARGV[14] margin of expiry, ms        ARGV[15] how long KEYS[4] remembers, ms
-- ARGV[16] tail                        ARGV[17] command to publish with
-- ARGV[18] position of the first byte  ARGV[19] number of chunks to append to; for each of them
--          its length so far, '1' if it will be full, bytes; but before these
-- ARGV[20] node                        ARGV[21] '1' if the next commit is to be this node's, should this one conflict
-- then for each entry: '+' or '-' and its key, and its value
-- returns {'ok', commit number} | {'gate'}: other data than the caller knows
--         | {'conflict', v, r, l, g, t, k, and the entries that the change names, as they are}
--         | {'reserved', ms}: another node that met too many conflicts has the next turn
--         | {'named', what the chunks are named after} | {'corrupt', key}
${LIFETIME}
local FIRST_APPEND, RESERVED_MS = 22, 50
local head, due, paths, made, meta = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local commitId, path, streamId = ARGV[3], ARGV[4], ARGV[6]
local old = redis.call('HMGET', head, 'v', 'i', 't', 'k', 'c', 'm', 'd', 'x', 'w')
if redis.call('HGET', meta, 'run') ~= ARGV[1] then return {'gate'} end
if old[9] then
  local owner, till = string.match(old[9], '^(%S+) (%d+)$')
  local left = owner == ARGV[20] and 0 or tonumber(till) - clock()
  if left > 0 then return {'reserved', left} end
end
if (old[1] or '') ~= ARGV[2] or (ARGV[10] ~= '' and tonumber(old[3]) ~= tonumber(ARGV[10])) then
  local more = redis.call('HMGET', head, 'r', 'l', 'g')
  local found = {'conflict', old[1], more[1], more[2], more[3], old[3], old[4]}
  for i = FIRST_APPEND + 3 * tonumber(ARGV[19]), #ARGV, 2 do
    found[#found + 1] = redis.call('HGET', head, 'e:' .. string.sub(ARGV[i], 2))
  end
  if ARGV[21] == '1' and old[1] then
    redis.call('HSET', head, 'w', ARGV[20] .. ' ' .. whole(clock() + RESERVED_MS))
  end
  return found
end
local exists = old[1] ~= false
local removes = ARGV[5] == ''
if removes and not exists then return {'ok', 0} end
if not exists and redis.call('ZSCORE', made, commitId) then return {'conflict'} end
local isSame = not removes and old[2] == streamId
local oldPrefix = exists and ARGV[12] .. (old[4] or old[2]) .. ':' or ''
local oldChunks = tonumber(old[5] or 0)
if isSame and (old[4] or old[2]) ~= ARGV[7] then return {'named', old[4] or old[2]} end
local appends = tonumber(ARGV[19])
for i = 1, appends do
  if redis.call('STRLEN', KEYS[5 + i]) ~= tonumber(ARGV[FIRST_APPEND - 3 + 3 * i]) then return {'corrupt', KEYS[5 + i]} end
end
if exists and (not isSame or old[8] or ARGV[11] ~= '') then reachChunks(oldPrefix, oldChunks) end

-- From here on everything succeeds. The first write is one that is refused when there is no memory left, unless
-- it makes room.
local function publish()
  redis.call(ARGV[17], head, commitId)
end
if exists and not isSame then
  for index = 0, oldChunks - 1 do redis.call('UNLINK', oldPrefix .. index) end
end
if removes then
  redis.call('UNLINK', head)
  redis.call('ZREM', due, path)
  redis.call('ZREM', paths, path)
  local number = redis.call('HINCRBY', meta, 'n', 1)
  local now = clock()
  redis.call('ZADD', made, whole(now), old[6])
  redis.call('ZREMRANGEBYSCORE', made, '-inf', whole(now - ARGV[15]))
  redis.call('PEXPIRE', made, ARGV[15])
  publish()
  return {'ok', number}
end
local number = redis.call('HINCRBY', meta, 'n', 1)
local touched = ARGV[9]
if isSame then
  touched = old[3]
  if ARGV[8] ~= '' and tonumber(ARGV[8]) > tonumber(touched) then touched = ARGV[8] end
  redis.call('HSET', head, 'v', number .. '.' .. commitId, 'l', ARGV[16])
  if ARGV[5] ~= '=' then redis.call('HSET', head, 'r', ARGV[5], 'g', commitId) end
  if old[9] then redis.call('HDEL', head, 'w') end
  if touched ~= old[3] then redis.call('HSET', head, 't', touched) end
  if ARGV[13] ~= old[5] then redis.call('HSET', head, 'c', ARGV[13]) end
else
  if exists then
    redis.call('UNLINK', head)
  else
    redis.call('ZADD', paths, 0, path)
  end
  old[7], old[8] = false, false
  redis.call('HSET', head, 'v', number .. '.' .. commitId, 'r', ARGV[5], 'l', ARGV[16], 'g', commitId,
    'i', streamId, 't', touched, 'b', ARGV[18], 'c', ARGV[13], 'm', old[6] or commitId)
end
for i = 1, appends do
  local key, at = KEYS[5 + i], FIRST_APPEND - 3 + 3 * i
  redis.call('APPEND', key, ARGV[at + 2])
  if ARGV[at + 1] == '1' and ARGV[at] ~= '0' then
    -- A string that grew has room in reserve, which a full chunk does not need. Replicas and the log have it already.
    redis.set_repl(redis.REPL_NONE)
    redis.call('SET', key, redis.call('GET', key))
    redis.set_repl(redis.REPL_ALL)
  end
  if old[8] then redis.call('PEXPIREAT', key, old[8]) end
end
for i = FIRST_APPEND + 3 * appends, #ARGV, 2 do
  local key = 'e:' .. string.sub(ARGV[i], 2)
  if string.sub(ARGV[i], 1, 1) == '+' then
    redis.call('HSET', head, key, ARGV[i + 1])
  else
    redis.call('HDEL', head, key)
  end
end
if ARGV[11] ~= '' then
  if ARGV[11] ~= old[7] then redis.call('HSET', head, 'd', ARGV[11]) end
  local chunkPrefix = ARGV[12] .. ARGV[7] .. ':'
  settleLifetime(head, due, path, ARGV[11], tonumber(touched), old[8], chunkPrefix, tonumber(ARGV[13]),
    tonumber(ARGV[14]))
elseif old[7] or (exists and not isSame) then
  redis.call('HDEL', head, 'd')
  settleLifetime(head, due, path, '- - - -', 0, old[8], oldPrefix, tonumber(ARGV[13]), 0)
end
publish()
return {'ok', number}
`
