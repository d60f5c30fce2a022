/**
 * The names on the wire: headers, query parameters, fields of SSE control events.
 * @see PROTOCOL §13.2
 */

/** Response: where the next read begins. */
export const STREAM_OFFSET_HEADER = 'Stream-Next-Offset'
/** Response: what to echo in the next live request, so that caches can collapse readers. */
export const STREAM_CURSOR_HEADER = 'Stream-Cursor'
/** Response: present when the answer ends where the stream ends. */
export const STREAM_UP_TO_DATE_HEADER = 'Stream-Up-To-Date'
/** Request and response: `true` when the stream is closed for good. */
export const STREAM_CLOSED_HEADER = 'Stream-Closed'
/** Request: a writer's own sequence, compared as a string. */
export const STREAM_SEQ_HEADER = 'Stream-Seq'
/** Request, on create: the sliding time to live in seconds. */
export const STREAM_TTL_HEADER = 'Stream-TTL'
/** Request, on create: when the stream expires, as an RFC 3339 timestamp. */
export const STREAM_EXPIRES_AT_HEADER = 'Stream-Expires-At'
/** Request, on create: the path of the stream to fork from. */
export const STREAM_FORKED_FROM_HEADER = 'Stream-Forked-From'
/** Request, on create: the offset at which a fork leaves its source. */
export const STREAM_FORK_OFFSET_HEADER = 'Stream-Fork-Offset'
/** Request, on create: messages (JSON) or bytes past the fork offset that a fork inherits as well. */
export const STREAM_FORK_SUB_OFFSET_HEADER = 'Stream-Fork-Sub-Offset'
/** Response: `base64` when SSE data events carry bytes in that form. */
export const STREAM_SSE_DATA_ENCODING_HEADER = 'Stream-SSE-Data-Encoding'
/** Request: the stable name of an idempotent producer. */
export const PRODUCER_ID_HEADER = 'Producer-Id'
/** Request and response: the producer's session number. */
export const PRODUCER_EPOCH_HEADER = 'Producer-Epoch'
/** Request and response: the number of a batch within its epoch. */
export const PRODUCER_SEQ_HEADER = 'Producer-Seq'
/** Response to a gap: the number that would have been next. */
export const PRODUCER_EXPECTED_SEQ_HEADER = 'Producer-Expected-Seq'
/** Response to a gap: the number that came. */
export const PRODUCER_RECEIVED_SEQ_HEADER = 'Producer-Received-Seq'

/** Query parameter: where a read begins. */
export const OFFSET_QUERY_PARAM = 'offset'
/** Query parameter: `long-poll` or `sse`. */
export const LIVE_QUERY_PARAM = 'live'
/** Query parameter: the echo of the last cursor. */
export const CURSOR_QUERY_PARAM = 'cursor'
/** Query parameter without a meaning to servers: makes a request that no cache has an answer to. */
export const CACHE_BUSTER_QUERY_PARAM = 'cache-buster'

/** SSE control event: where the next read begins. */
export const SSE_OFFSET_FIELD = 'streamNextOffset'
/** SSE control event: the cursor to echo. */
export const SSE_CURSOR_FIELD = 'streamCursor'
/** SSE control event: the stream is closed and was read to its end. */
export const SSE_CLOSED_FIELD = 'streamClosed'
/** SSE control event: everything there is was sent. */
export const SSE_UP_TO_DATE_FIELD = 'upToDate'

/** Content types whose SSE data events are text; all others are sent in base64. */
export const SSE_COMPATIBLE_CONTENT_TYPES: readonly string[] = ['text/', 'application/json']

/** Query parameters that belong to the protocol and cannot be set through `params`. */
export const DURABLE_STREAM_PROTOCOL_QUERY_PARAMS: string[] = [
  OFFSET_QUERY_PARAM,
  LIVE_QUERY_PARAM,
  CURSOR_QUERY_PARAM,
]
