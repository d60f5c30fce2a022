/**
 * Appends to any number of streams, to each by itself or not at all: what most commits are, in the fewest steps. The
 * bytes go behind whatever others have appended meanwhile. It does only what nobody can object to: a stream whose
 * record is not the expected one, an entry that is, a chunk that is not there yet or would be full, and what else is out
 * of the ordinary, is left to the commit script.
 */
export const APPEND_SCRIPT = `
-- KEYS for each append: the stream's head, the chunk that its end is in, meta of its bucket
-- ARGV[1] run of this server   ARGV[2] command to publish with
-- then for each append: the commit that last changed more than the stream's length, positions of the chunk's first byte
-- and of the end of its room, new touched at, commit id, bytes, number of entries;
-- then for each of its entries: field, value so far, new value
-- returns for each append: commit number, or 0 if nothing was done; position after the last byte, which is where it
--         would be if the chunk is all that keeps it from being there, otherwise 0
local call, format = redis.call, string.format
local run, publish, at = ARGV[1], ARGV[2], 3
local admitted, results = {}, {}
for i = 1, #KEYS, 3 do
  local head, chunk, meta = KEYS[i], KEYS[i + 1], KEYS[i + 2]
  local from, touched, bytes, entries = tonumber(ARGV[at + 1]), ARGV[at + 3], ARGV[at + 5], tonumber(ARGV[at + 6])
  local old = call('HMGET', head, 'g', 'l', 't', 'w')
  if admitted[meta] == nil then admitted[meta] = call('HGET', meta, 'run') == run end
  local number, tail = 0, 0
  local isExpected = old[1] == ARGV[at] and not old[4] and admitted[meta]
  for e = at + 7, at + 4 + 3 * entries, 3 do
    isExpected = isExpected and call('HGET', head, ARGV[e]) == ARGV[e + 1]
  end
  if isExpected then
    tail = tonumber(old[2]) + #bytes
    if tail - #bytes <= from or tail >= tonumber(ARGV[at + 2]) then isExpected = false end
  end
  if isExpected then
    local length = call('APPEND', chunk, bytes)
    if length == tail - from then
      number = call('HINCRBY', meta, 'n', 1)
      if tonumber(touched) < tonumber(old[3]) then touched = old[3] end
      call('HSET', head, 'v', format('%d.%s', number, ARGV[at + 4]), 'l', format('%d', tail), 't', touched)
      for e = at + 7, at + 4 + 3 * entries, 3 do call('HSET', head, ARGV[e], ARGV[e + 2]) end
      call(publish, head, ARGV[at + 4])
    elseif length == #bytes then
      tail = 0
      call('UNLINK', chunk)
    else
      tail = 0
      call('SET', chunk, call('GETRANGE', chunk, 0, length - #bytes - 1), 'KEEPTTL')
    end
  end
  results[#results + 1] = number
  results[#results + 1] = tail
  at = at + 7 + 3 * entries
end
return results
`
