import { fail, ok, warn, type Finding } from './finding.js'
import type { Probe, ProbeAnswer } from './probe.js'

/** What every check writes; it has characters that careless proxies break. */
const SAMPLE = 'Grüße, 世界 \u{1F30D}\r\n\ttabs  and spaces\n'
const ORIGIN = 'https://page.example'

/** Creates the stream that all other checks use. */
export async function checkCreate(probe: Probe): Promise<Finding> {
  const headers = { 'content-type': 'text/plain', 'stream-ttl': '600' }
  const answer = await probe.send({ method: 'PUT', headers })
  if (answer.status === 201) return judgeLocation(answer, probe)
  if (answer.status === 401 || answer.status === 403) {
    return fail(
      'create',
      `PUT is refused with ${answer.status}`,
      'this token may not create streams: use another with --auth',
    )
  }
  if (answer.status === 404 || answer.status === 405) {
    return fail(
      'create',
      `PUT is answered with ${answer.status}`,
      `no streams live at ${parentOf(probe.url)}: check the path of --url`,
    )
  }
  return fail(
    'create',
    `PUT is answered with ${answer.status}: ${excerpt(answer)}`,
    'this is no Durable Streams server, or something in front of it answers',
  )
}

function judgeLocation({ headers }: ProbeAnswer, { url }: Probe): Finding {
  const location = headers.get('location') ?? ''
  if (location === '')
    return warn('create', 'a stream was created; its Location is missing', 'update the server')
  const found = new URL(location, url)
  if (found.origin === new URL(url).origin) return ok('create', 'a stream was created')
  return warn(
    'create',
    `a stream was created, but the server takes its address for ${found.origin}`,
    `tell it the one that clients use: ds serve --public-origin ${new URL(url).origin}, or pass the Host header on`,
  )
}

/** Appends and reads back, byte for byte, and looks at the headers that clients live by. */
export async function checkRoundTrip(probe: Probe): Promise<Finding> {
  const appended = await probe.append(SAMPLE)
  if (appended.status !== 204 && appended.status !== 200) {
    return fail(
      'append',
      `POST is answered with ${appended.status}: ${excerpt(appended)}`,
      'look into the log of the server',
    )
  }
  const read = await probe.send({ query: { offset: '-1' } })
  if (read.text !== SAMPLE) {
    return fail(
      'append',
      'what is read is not what was appended',
      'something on the way changes bodies: turn its rewriting off',
    )
  }
  const missing = ['stream-next-offset', 'stream-up-to-date'].filter((name) => !read.headers.has(name))
  if (missing.length > 0) {
    return fail(
      'append',
      `answers lack ${missing.join(' and ')}`,
      'something on the way removes headers: let all Stream-* headers pass',
    )
  }
  return ok('append', 'what was appended is read back byte for byte')
}

/** Sends the same batch twice, an old epoch, and a gap. @see PROTOCOL §5.2.1 */
export async function checkProducer(probe: Probe): Promise<Finding> {
  const send = (epoch: number, seq: number): Promise<ProbeAnswer> =>
    probe.append('x', {
      'producer-id': 'ds-doctor',
      'producer-epoch': String(epoch),
      'producer-seq': String(seq),
    })
  const before = await probe.tail()
  const first = await send(1, 0)
  const after = await probe.tail()
  const again = await send(1, 0)
  const end = await probe.tail()
  const next = 'retries can repeat messages: use a server that implements idempotent producers'
  if (first.status !== 200 || after === before)
    return fail('producer', `a producer's batch is answered with ${first.status}`, next)
  if (again.status !== 204 || end !== after) return fail('producer', 'the same batch was taken twice', next)
  const old = await send(0, 0)
  const gap = await send(1, 5)
  if (old.status !== 403 || gap.status !== 409) {
    return fail('producer', `an old epoch is answered with ${old.status}, a gap with ${gap.status}`, next)
  }
  return ok('producer', 'repeats are taken once, old epochs are fenced, gaps are refused')
}

/** Whether something on the way answers from memory what it must not. */
export async function checkCaching(probe: Probe): Promise<Finding> {
  const tail = await probe.tail()
  const empty = await probe.send({ query: { offset: tail } })
  await probe.append('fresh')
  const full = await probe.send({ query: { offset: tail } })
  if (empty.text === full.text) {
    return fail(
      'caching',
      'a read at the end was answered from a cache, without what is new',
      'the cache must keep answers apart by their whole query, and honour Cache-Control',
    )
  }
  const history = await probe.send({ query: { offset: '-1' } })
  const etag = history.headers.get('etag')
  if (etag === null)
    return warn('caching', 'reads have no ETag', 'something on the way removes it; caches cannot revalidate')
  const { status } = await probe.send({ query: { offset: '-1' }, headers: { 'if-none-match': etag } })
  if (status !== 304)
    return warn(
      'caching',
      `If-None-Match is answered with ${status}, not 304`,
      'let conditional requests pass',
    )
  const control = history.headers.get('cache-control') ?? 'none'
  return ok('caching', `fresh data at the end, 304 for what is known (Cache-Control of history: ${control})`)
}

/** Whether pages of other sites may use the server. */
export async function checkCors(probe: Probe): Promise<Finding> {
  const preflight = await probe.send({
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,producer-id,producer-epoch,producer-seq',
    },
  })
  const read = await probe.send({ query: { offset: '-1' }, headers: { origin: ORIGIN } })
  const allowed =
    preflight.headers.get('access-control-allow-origin') ?? read.headers.get('access-control-allow-origin')
  if (allowed === null) {
    return warn(
      'cors',
      'pages of other sites may not use the server',
      'if they should: `ds serve --cors`, or CORS headers in the proxy',
    )
  }
  const requestable = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase()
  const readable = (read.headers.get('access-control-expose-headers') ?? '').toLowerCase()
  const lacking = [
    ...(requestable === '*' || requestable.includes('producer-id') ? [] : ['allow-headers: Producer-Id']),
    ...(readable === '*' || readable.includes('stream-next-offset')
      ? []
      : ['expose-headers: Stream-Next-Offset']),
  ]
  if (lacking.length > 0) {
    return warn(
      'cors',
      `browsers are not told ${lacking.join(' and ')}`,
      'let the CORS headers of the server pass unchanged',
    )
  }
  return ok('cors', `pages of ${allowed === '*' ? 'all sites' : 'some sites'} may use the server`)
}

function parentOf(url: string): string {
  return url.slice(0, url.lastIndexOf('/'))
}

function excerpt({ text }: ProbeAnswer): string {
  return text.replace(/\s+/g, ' ').slice(0, 120)
}
