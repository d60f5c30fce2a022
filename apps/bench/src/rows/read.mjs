const STREAM_BYTES = 32 * 2 ** 20
const BARE_PAGE_BYTES = 2 ** 20
const CONNECTIONS = 4
const APPENDS = 64
const APPEND_BYTES = STREAM_BYTES / APPENDS
const MESSAGE_BYTES = 1024
const MESSAGES_PER_APPEND = APPEND_BYTES / MESSAGE_BYTES
const MARKER = '{"seq":'

// With the comma that follows it in an array, each message takes MESSAGE_BYTES.
const message = `${MARKER}0,"text":"${'m'.repeat(MESSAGE_BYTES - MARKER.length - 13)}"}`
const jsonAppend = `[${Array.from({ length: MESSAGES_PER_APPEND }, () => message).join(',')}]`

const contents = {
  bytes: {
    contentType: 'application/octet-stream',
    append: 'b'.repeat(APPEND_BYTES),
    expected: { bytes: STREAM_BYTES, marker: null, markers: 0 },
  },
  json: {
    contentType: 'application/json',
    append: jsonAppend,
    expected: { bytes: STREAM_BYTES * 0.99, marker: MARKER, markers: APPENDS * MESSAGES_PER_APPEND },
  },
}

/** Catch-up reads of a whole stream, page after page, from 4 connections at once. */
function readRow(kind, title, isStored = false) {
  const { contentType, append, expected } = contents[kind]
  return {
    name: `read-${kind}`,
    group: 'read',
    title: `catch-up read, ${title}, 32 MiB stream, 4 connections`,
    unit: 'MB/s',
    better: 'higher',
    bareMode: 'pages',
    bareSettings: { streamBytes: STREAM_BYTES, pageBytes: BARE_PAGE_BYTES },
    needsStreams: false,
    measure: async ({ runTask, restart, subject, entry, seconds, warmUpSeconds }) => {
      const path = '/v1/stream/read'
      await runTask('fill-stream', { path, contentType, body: append, times: APPENDS })
      const { port } = isStored && entry.keepsStreams ? await restart() : subject
      const result = await runTask('read-stream', {
        port,
        path,
        connections: CONNECTIONS,
        seconds,
        warmUpMs: warmUpSeconds * 1000,
        expected: entry.keepsStreams ? expected : contents.bytes.expected,
      })
      const pageKiB = Math.round(result.pageBytes / 1024).toLocaleString('en-US')
      return { value: result.bytesPerSecond / 1e6, errors: result.errors, detail: `pages of ${pageKiB} KiB` }
    },
  }
}

/** As octet-stream, after a restart: nothing of the stream is in the server's memory, and the bare one reads a file. */
const storedRow = {
  ...readRow('bytes', 'octet-stream, from files', true),
  name: 'read-stored',
  bareSettings: { streamBytes: STREAM_BYTES, pageBytes: BARE_PAGE_BYTES, fromFile: true },
  subjects: ['bare', 'file'],
  settings: { directory: 'read-stored' },
}

export const readRows = [
  readRow('bytes', 'octet-stream'),
  readRow('json', 'JSON messages of 1 KiB'),
  storedRow,
]
