import { FIND_CHUNK } from './find-chunk.js'
import { MOMENTS } from './lifetime.js'

/**
 * Appends to any number of streams, to each by itself or not at all: what most commits are, in the fewest steps. The
 * bytes go behind whatever others have appended meanwhile, wherever that is. It does only what nobody can object to: a
 * stream whose record is not the expected one, an entry that is, a chunk that is not as long as it should be, and what
 * else is out of the ordinary, is left to the commit script.
 */
// eslint-disable-next-line @typescript-eslint/no-inferrable-types -- declarations are made file by file
export const APPEND_SCRIPT: string = `
-- KEYS for each append: the stream's head, the chunk that its end is expected in, meta of its bucket
-- ARGV[1] run of this server   ARGV[2] command to publish with   ARGV[3] margin of expiry, ms
-- then for each append: the commit that last changed more than the stream's length, positions of the expected chunk's
-- first byte and of the end of its room, new touched at, commit id, bytes, number of entries;
-- then for each of its entries: field, value so far, new value
-- returns for each append: commit number, or 0 if nothing was done; position after the last byte
local call, format = redis.call, string.format
local run, publish, margin, at = ARGV[1], ARGV[2], tonumber(ARGV[3]), 4
local admitted, results = {}, {}
${MOMENTS}${FIND_CHUNK}
-- Where bytes go that are not all for the expected chunk; nil if a chunk is not as long as it should be, or on its way
-- to another node of a cluster.
local function spread(head, chunk, tail, bytes)
  local about = call('HMGET', head, 'b', 'c', 'x', 'k', 'i')
  local prefix = string.match(chunk, '^(.*:)[^:]*:%d+$') .. (about[4] or about[5]) .. ':'
  local place, done = tail - about[1], 0
  local found = { lease = about[3], count = about[2] }
  while done < #bytes do
    local index, from, to = findChunk(place + done)
    local part = { key = prefix .. format('%d', index), length = place + done - from }
    if redis.pcall('STRLEN', part.key) ~= part.length then return nil end
    local taken = math.min(to - place - done, #bytes - done)
    part.bytes = string.sub(bytes, done + 1, done + taken)
    part.fills = place + done + taken == to
    done = done + taken
    found.count = format('%d', index + 1)
    found[#found + 1] = part
  end
  found.grows = found.count ~= about[2]
  return found
end

local function appendTo(head, found)
  for _, part in ipairs(found) do
    call('APPEND', part.key, part.bytes)
    if part.fills and part.length > 0 then
      -- A string that grew has room in reserve, which a full chunk does not need. Replicas and the log have it already.
      redis.set_repl(redis.REPL_NONE)
      call('SET', part.key, call('GET', part.key))
      redis.set_repl(redis.REPL_ALL)
    end
    if found.lease then call('PEXPIREAT', part.key, found.lease) end
  end
  if found.grows then call('HSET', head, 'c', found.count) end
end

-- What the use of a stream does to its sliding window: when it is due, and when Redis is to remove the head. False if
-- there is no such window; nil if the chunks would have to be told, too, or the index is on its way to another node.
local function slide(head, meta, moments, touched)
  local dueFixed, dueWindow, endFixed, endWindow = string.match(moments, '(%S+) (%S+) (%S+) (%S+)')
  if dueWindow == '-' and endWindow == '-' then return false end
  local endAt = earlier(endFixed, endWindow, touched)
  local expireAt = math.max(endAt, clock()) + margin
  local lease = tonumber(call('HGET', head, 'x') or 0)
  if endAt == math.huge or lease < expireAt then return nil end
  local start = string.sub(meta, 1, -#'meta' - 1)
  local due, path = start .. 'due', string.sub(head, #start + #'s:' + 1)
  if type(redis.pcall('ZSCORE', due, path)) ~= 'string' then return nil end
  return { due = due, path = path, at = whole(earlier(dueFixed, dueWindow, touched)), expireAt = whole(expireAt) }
end

for i = 1, #KEYS, 3 do
  local head, chunk, meta = KEYS[i], KEYS[i + 1], KEYS[i + 2]
  local from, touched, bytes, entries = tonumber(ARGV[at + 1]), ARGV[at + 3], ARGV[at + 5], tonumber(ARGV[at + 6])
  local old = call('HMGET', head, 'g', 'l', 't', 'w', 'd')
  if admitted[meta] == nil then admitted[meta] = call('HGET', meta, 'run') == run end
  local number, tail = 0, 0
  local isExpected = old[1] == ARGV[at] and not old[4] and admitted[meta]
  for e = at + 7, at + 4 + 3 * entries, 3 do
    isExpected = isExpected and call('HGET', head, ARGV[e]) == ARGV[e + 1]
  end
  if tonumber(touched) < tonumber(old[3] or 0) then touched = old[3] end
  local window = nil
  if isExpected and old[5] then
    window = slide(head, meta, old[5], tonumber(touched))
    isExpected = window ~= nil
  end
  if isExpected then
    local before = tonumber(old[2])
    tail = before + #bytes
    if before > from and tail < tonumber(ARGV[at + 2]) then
      local length = call('APPEND', chunk, bytes)
      if length ~= tail - from then
        isExpected = false
        if length == #bytes then
          call('UNLINK', chunk)
        else
          call('SET', chunk, call('GETRANGE', chunk, 0, length - #bytes - 1), 'KEEPTTL')
        end
      end
    else
      local found = spread(head, chunk, before, bytes)
      isExpected = found ~= nil
      if found then appendTo(head, found) end
    end
  end
  if isExpected then
    number = call('HINCRBY', meta, 'n', '1')
    call('HSET', head, 'v', format('%d.%s', number, ARGV[at + 4]), 'l', format('%d', tail), 't', touched)
    for e = at + 7, at + 4 + 3 * entries, 3 do call('HSET', head, ARGV[e], ARGV[e + 2]) end
    if window then
      call('ZADD', window.due, window.at, window.path)
      call('PEXPIREAT', head, window.expireAt)
    end
    call(publish, head, ARGV[at + 4])
  end
  results[#results + 1] = number
  results[#results + 1] = tail
  at = at + 7 + 3 * entries
end
return results
`
