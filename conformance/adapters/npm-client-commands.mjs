const DEFAULT_READ_MS = 5000
const MOST_CHUNKS = 1000
/** @durable-streams/client 0.2.7 says that a response is over before it hands out its last chunk. */
const LAST_CHUNK_MS = 50

/** The commands of the adapter protocol on a package with the API of @durable-streams/client. */
export function createAdapter(name, client) {
  const state = { serverUrl: '', types: new Map(), dynamic: new Map(), producers: new Map() }
  return {
    async handle(command) {
      try {
        const act = COMMANDS[command.type]
        if (act === undefined)
          return failure(command, { code: 'NOT_SUPPORTED', message: `no ${command.type} here` })
        return { type: command.type, success: true, ...(await act({ name, client, state, command })) }
      } catch (error) {
        return failure(command, error)
      }
    },
  }
}

const COMMANDS = {
  async init({ name, client, state, command }) {
    state.serverUrl = command.serverUrl
    for (const one of ['types', 'dynamic', 'producers']) state[one].clear()
    return {
      clientName: name,
      clientVersion: client.packageVersion,
      features: {
        batching: true,
        sse: true,
        longPoll: true,
        auto: true,
        streaming: true,
        dynamicHeaders: true,
      },
    }
  },

  async create({ client, state, command }) {
    const { path, contentType = 'application/octet-stream', ttlSeconds, expiresAt, closed, data } = command
    await client.DurableStream.create({
      ...common(state, command),
      contentType,
      ...given({ ttlSeconds, expiresAt, closed, body: data }),
    })
    state.types.set(path, contentType)
    return { status: 201 }
  },

  async connect({ client, state, command }) {
    const handle = await client.DurableStream.connect(common(state, command))
    const head = requireStream(await handle.head())
    state.types.set(command.path, head.contentType)
    return { status: 200, ...given({ offset: head.offset }) }
  },

  async append({ client, state, command }) {
    const body = command.binary ? new Uint8Array(Buffer.from(command.data, 'base64')) : command.data
    await handleOf(client, state, command).append(body, given({ seq: command.seq?.toString() }))
    return { status: 204 }
  },

  async close({ client, state, command }) {
    const { data, contentType } = command
    const result = await handleOf(client, state, command).close(given({ body: data, contentType }))
    return { status: 200, ...given({ finalOffset: result?.finalOffset }) }
  },

  async 'idempotent-append'({ client, state, command }) {
    await produce(client, state, command, [command.data])
    return { status: 200 }
  },

  async 'idempotent-append-batch'({ client, state, command }) {
    await produce(client, state, command, command.items)
    return { status: 200 }
  },

  async 'idempotent-close'({ client, state, command }) {
    const { producer } = producerOf(client, state, command)
    const result = await producer.close(command.data)
    return { status: 200, ...given({ finalOffset: result?.finalOffset }) }
  },

  async head({ client, state, command }) {
    const head = requireStream(await client.DurableStream.head(common(state, command)))
    state.types.set(command.path, head.contentType)
    const { offset, contentType, streamClosed = false } = head
    return { status: 200, ...given({ offset, contentType, streamClosed }) }
  },

  async delete({ client, state, command }) {
    await client.DurableStream.delete(common(state, command))
    state.types.delete(command.path)
    return { status: 200 }
  },

  async read({ client, state, command }) {
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), command.timeoutMs ?? DEFAULT_READ_MS)
    try {
      return await read(client, state, command, abort)
    } finally {
      clearTimeout(timer)
      abort.abort()
    }
  },

  async 'set-dynamic-header'({ state, command }) {
    let count = 0
    const values = {
      counter: () => String((count += 1)),
      timestamp: () => String(Date.now()),
      token: () => command.initialValue ?? '',
    }
    state.dynamic.set(command.name, values[command.valueType])
    return {}
  },

  async 'clear-dynamic'({ state }) {
    state.dynamic.clear()
    return {}
  },

  async shutdown() {
    return {}
  },
}

async function read(client, state, command, abort) {
  const { offset, live = false } = command
  const chunks = []
  let response
  try {
    response = await client.stream({
      ...common(state, command),
      ...given({ offset }),
      live: live === 'auto' ? true : live,
      signal: abort.signal,
    })
    if (live === false) await readOnce(state, command, response, chunks)
    else await follow(response, command, chunks, abort.signal)
  } catch (error) {
    // The end of the time is the end of a live read, not a failure of it.
    if (!abort.signal.aborted) throw error
  }
  return {
    status: response?.status ?? 200,
    chunks,
    ...given({
      offset: response?.offset ?? offset,
      upToDate: response?.upToDate,
      streamClosed: response?.streamClosed,
    }),
  }
}

async function readOnce(state, { path }, response, chunks) {
  const type = response.contentType ?? state.types.get(path) ?? ''
  if (type.startsWith('application/json')) {
    const items = await response.json()
    if (items.length > 0) chunks.push({ data: JSON.stringify(items), offset: response.offset })
    return
  }
  const bytes = await response.body()
  if (bytes.length > 0) chunks.push({ ...toData(bytes), offset: response.offset })
}

/** Takes chunks until the closure, the number that is asked for, or the end of the time. */
async function follow(response, { maxChunks = MOST_CHUNKS, waitForUpToDate = false }, chunks, signal) {
  await new Promise((resolve, reject) => {
    signal.addEventListener('abort', resolve, { once: true })
    response.subscribeBytes((chunk) => {
      if (chunks.length < maxChunks && chunk.data.length > 0) {
        chunks.push({ ...toData(chunk.data), ...given({ offset: chunk.offset }) })
      }
      if (chunks.length >= maxChunks || (waitForUpToDate && chunk.upToDate)) resolve()
    })
    response.closed.then(() => setTimeout(resolve, LAST_CHUNK_MS), reject)
  })
}

/** Bytes that are no text are told as base64, so that nothing is lost. */
function toData(bytes) {
  try {
    return { data: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { data: Buffer.from(bytes).toString('base64'), binary: true }
  }
}

async function produce(client, state, command, items) {
  const { producer, errors } = producerOf(client, state, command)
  errors.length = 0
  for (const item of items) {
    // A client may also report the failure of each append by itself.
    Promise.resolve(producer.append(item)).catch(() => undefined)
  }
  await producer.flush()
  if (errors.length > 0) throw errors[0]
}

/** The same id on the same stream is one producer for the whole case, so that its sequence goes on. */
function producerOf(client, state, command) {
  const { path, producerId, epoch = 0, autoClaim = false, maxInFlight = 1 } = command
  const key = `${path} ${producerId} ${epoch} ${maxInFlight}`
  const known = state.producers.get(key)
  if (known !== undefined) return known
  const errors = []
  const producer = new client.IdempotentProducer(handleOf(client, state, command), producerId, {
    epoch,
    autoClaim,
    maxInFlight,
    ...(maxInFlight > 1 ? { lingerMs: 0, maxBatchBytes: 1 } : { lingerMs: 5 }),
    onError: (error) => errors.push(error),
  })
  state.producers.set(key, { producer, errors })
  return { producer, errors }
}

function handleOf(client, state, command) {
  return new client.DurableStream({
    ...common(state, command),
    ...given({ contentType: state.types.get(command.path) }),
  })
}

/** Header functions are asked at every request, which is what dynamic headers are about. */
function common(state, { path, headers = {} }) {
  return {
    url: `${state.serverUrl}${path}`,
    headers: { ...Object.fromEntries(state.dynamic), ...headers },
    warnOnHttp: false,
  }
}

/** A client may tell of a missing stream without an error. */
function requireStream(head) {
  if (head.exists !== false) return head
  throw Object.assign(new Error('there is no such stream'), { code: 'NOT_FOUND', status: 404 })
}

function given(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
}

const CODES = {
  NOT_FOUND: 'NOT_FOUND',
  CONFLICT_EXISTS: 'CONFLICT',
  CONFLICT_SEQ: 'SEQUENCE_CONFLICT',
  BAD_REQUEST: 'INVALID_OFFSET',
  PARSE_ERROR: 'PARSE_ERROR',
  STREAM_CLOSED: 'STREAM_CLOSED',
  NOT_SUPPORTED: 'NOT_SUPPORTED',
}

function failure(command, error) {
  return {
    type: 'error',
    success: false,
    commandType: command.type,
    errorCode: CODES[error.code] ?? (error.status === undefined ? 'INTERNAL_ERROR' : 'UNEXPECTED_STATUS'),
    message: String(error.message ?? error),
    ...given({ status: error.status }),
  }
}
