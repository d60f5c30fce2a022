-- Requests of the benchmark for wrk.
--
-- args: kind ("append", "create" or "producer"), path prefix, count, content type, tag, body
--   append:    POST to <prefix>0 .. <prefix><count - 1>, round robin (one thread)
--   create:    PUT of <prefix><tag>-<n>, a new stream each time (one thread)
--   producer:  POST to <prefix>0 as producer <tag>-<thread>, with its next sequence. A script cannot see
--              which connection asks, so this kind runs as many threads as connections: each producer then
--              has one connection, and its requests cannot overtake each other.
-- output: one line "RESULT requests durationUs p50Us p99Us statusErrors otherErrors"

local nextRequest
local isProbe
local threads = 0

local function head(method, path, contentType, length)
  return method .. " " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " .. contentType
    .. "\r\nContent-Length: " .. length .. "\r\n"
end

local function appends(prefix, count, contentType, body)
  local requests, n = {}, -1
  for i = 0, count - 1 do
    requests[i] = head("POST", prefix .. i, contentType, #body) .. "\r\n" .. body
  end
  return function()
    n = (n + 1) % count
    return requests[n]
  end
end

local function creates(prefix, tag, contentType)
  local n = -1
  return function()
    n = n + 1
    return head("PUT", prefix .. tag .. "-" .. n, contentType, 0) .. "\r\n"
  end
end

local function producerAppends(prefix, producer, contentType, body)
  local start = head("POST", prefix .. "0", contentType, #body)
    .. "Producer-Id: " .. producer .. "\r\nProducer-Epoch: 0\r\nProducer-Seq: "
  local seq = -1
  return function()
    seq = seq + 1
    return start .. seq .. "\r\n\r\n" .. body
  end
end

function setup(thread)
  thread:set("threadId", threads)
  threads = threads + 1
end

function init(args)
  local kind, prefix, count, contentType, tag, body = args[1], args[2], tonumber(args[3]), args[4], args[5], args[6]
  if kind == "append" then
    nextRequest = appends(prefix, count, contentType, body)
  elseif kind == "create" then
    nextRequest = creates(prefix, tag, contentType)
  else
    nextRequest = producerAppends(prefix, tag .. "-" .. threadId, contentType, body)
  end
  -- wrk asks its first thread for one request before it starts, only to look at it.
  isProbe = threadId == 0
end

function request()
  if isProbe then
    isProbe = false
    return "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
  end
  return nextRequest()
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
