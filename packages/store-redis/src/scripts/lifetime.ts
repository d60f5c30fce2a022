/**
 * What the scripts that deal with a stream's moments share. These are four numbers or dashes: it is
 * due at the first, or when the second has passed since it was last used; nobody needs it from the third on, or when
 * the fourth has passed. Which of them there are, and why, is the caller's business.
 */
export const MOMENTS = `
local function whole(number)
  return string.format('%.0f', number)
end

local function clock()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function earlier(fixed, window, touched)
  local moment = math.huge
  if fixed ~= '-' then moment = tonumber(fixed) end
  if window ~= '-' then moment = math.min(moment, touched + tonumber(window)) end
  return moment
end
`

/** What the scripts that move a stream's expiry window share. */
// eslint-disable-next-line @typescript-eslint/no-inferrable-types -- declarations are made file by file
export const LIFETIME: string = `${MOMENTS}
-- Raises an error, before anything was written, where a chunk is on its way to another node of a cluster.
local function reachChunks(prefix, count)
  for index = 0, count - 1 do redis.call('EXISTS', prefix .. index) end
end

-- Puts the stream into the index of due ones, and has Redis remove its keys by itself some time after nobody needs
-- them. The chunks get more time than the head, so that they have to be told rarely that the window has moved.
local function settleLifetime(head, due, path, moments, touched, lease, prefix, chunks, margin)
  local dueFixed, dueWindow, endFixed, endWindow = string.match(moments, '(%S+) (%S+) (%S+) (%S+)')
  local dueAt = earlier(dueFixed, dueWindow, touched)
  if dueAt == math.huge then
    redis.call('ZREM', due, path)
  else
    redis.call('ZADD', due, whole(dueAt), path)
  end
  local endAt = earlier(endFixed, endWindow, touched)
  if endAt == math.huge then
    if not lease then return end
    redis.call('PERSIST', head)
    redis.call('HDEL', head, 'x')
    for index = 0, chunks - 1 do redis.call('PERSIST', prefix .. index) end
    return
  end
  local expireAt = math.max(endAt, clock()) + margin
  redis.call('PEXPIREAT', head, whole(expireAt))
  if lease and tonumber(lease) >= expireAt then return end
  lease = whole(expireAt + math.max(margin, tonumber(endWindow) or 0))
  redis.call('HSET', head, 'x', lease)
  for index = 0, chunks - 1 do redis.call('PEXPIREAT', prefix .. index, lease) end
end
`
