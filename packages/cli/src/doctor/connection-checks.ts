import { connect } from 'node:tls'
import { isIP } from 'node:net'
import { explainFailure } from '../explain-failure.js'
import { formatMs } from '../terminal/quantities.js'
import { fail, ok, skip, warn, type Finding } from './finding.js'
import type { Probe, ProbeAnswer } from './probe.js'

const MAX_SKEW_MS = 5_000
const DAY_MS = 86_400_000
const LEAST_DAYS = 14
const TLS_TIMEOUT_MS = 5_000

/** Whether anything answers; the answer is what later checks look at. */
export async function checkReachable(
  probe: Probe,
): Promise<{ finding: Finding; answer: ProbeAnswer | null }> {
  try {
    const answer = await probe.send()
    return { finding: judgeFirstAnswer(answer, probe), answer }
  } catch (error) {
    return { finding: fail('reachable', reasonOf(error), adviceOn(error)), answer: null }
  }
}

function judgeFirstAnswer({ status, headers, ms }: ProbeAnswer, { url }: Probe): Finding {
  const { origin } = new URL(url)
  if (status === 401 || status === 403) {
    return fail(
      'reachable',
      `${origin} answers ${status}`,
      "set STREAM_AUTH or --auth, such as --auth 'Bearer <token>'",
    )
  }
  if (status >= 300 && status < 400) {
    const to = headers.get('location') ?? 'somewhere else'
    return fail('reachable', `${origin} redirects to ${to}`, 'use the address that it redirects to as --url')
  }
  if (status >= 500)
    return fail(
      'reachable',
      `${origin} answers ${status}`,
      'look into the logs of the server and of what is in front of it',
    )
  return ok('reachable', `${origin} answers in ${formatMs(ms)}`)
}

/** Whether both clocks agree: `Stream-Expires-At` is a moment of the server's. */
export function checkClock({ headers }: ProbeAnswer, nowMs: number): Finding {
  const date = Date.parse(headers.get('date') ?? '')
  if (Number.isNaN(date)) return skip('clock', 'the server does not tell its time')
  // The header has whole seconds.
  const skewMs = Math.max(0, Math.abs(nowMs - date) - 1_000)
  if (skewMs <= MAX_SKEW_MS) return ok('clock', 'the clocks agree')
  return warn(
    'clock',
    `the clocks differ by about ${Math.round(skewMs / 1000)} s`,
    'set them by NTP; until then give lifetimes as --ttl, not as --expires-at',
  )
}

/** Whether the way is encrypted, and for how long the certificate is valid. */
export async function checkTls(url: string, nowMs: number): Promise<Finding> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol === 'http:') {
    if (/^(localhost|127\.|\[::1\])/.test(hostname)) return skip('tls', 'not needed on this machine')
    return warn(
      'tls',
      'the connection is not encrypted',
      'serve over HTTPS with HTTP/2: browsers also allow only six live reads per site without it',
    )
  }
  const validTo = await certificateEnd(hostname, Number(port === '' ? 443 : port))
  if (validTo === null) return skip('tls', 'the certificate cannot be seen')
  const days = Math.floor((validTo - nowMs) / DAY_MS)
  if (days >= LEAST_DAYS) return ok('tls', `the certificate is valid for ${days} days`)
  return warn('tls', `the certificate is valid for ${days} days only`, 'renew it')
}

function certificateEnd(host: string, port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const name = isIP(host) === 0 ? { servername: host } : {}
    const socket = connect({ host, port, ...name, timeout: TLS_TIMEOUT_MS }, () => {
      const end = Date.parse(socket.getPeerCertificate().valid_to)
      socket.destroy()
      resolve(Number.isNaN(end) ? null : end)
    })
    const giveUp = (): void => {
      socket.destroy()
      resolve(null)
    }
    socket.on('error', giveUp).on('timeout', giveUp)
  })
}

/** What the server says of itself; not part of the protocol. */
export async function checkHealth(url: string, fetch: typeof globalThis.fetch): Promise<Finding> {
  const answer = await fetch(new URL('/health', url), { redirect: 'manual' }).catch(() => null)
  const text = (await answer?.text().catch(() => '')) ?? ''
  const health = parseHealth(text)
  if (health === null) return skip('health', 'the server has no health page that this tool knows')
  const { status, store } = health
  const what = `${status}; store: ${store?.name ?? 'unknown'}, durability: ${store?.durability ?? 'unknown'}`
  if (status !== 'ok') {
    return warn('health', `${what}; ${(store?.problems ?? []).join('; ')}`, 'look into the log of the server')
  }
  if (store?.durability === 'volatile') {
    return warn(
      'health',
      what,
      'streams end with the server: for keeps, use `ds serve` with a folder or Redis',
    )
  }
  return ok('health', what)
}

interface Health {
  readonly status: string
  readonly store?: {
    readonly name?: string
    readonly durability?: string
    readonly problems?: readonly string[]
  }
}

function parseHealth(text: string): Health | null {
  try {
    const value = JSON.parse(text) as Partial<Health> | null
    return typeof value?.status === 'string' ? (value as Health) : null
  } catch {
    return null
  }
}

function reasonOf(error: unknown): string {
  const reasons: string[] = []
  for (let cause: unknown = error; cause instanceof Error && reasons.length < 4; cause = cause.cause) {
    reasons.push(cause.message === '' ? ((cause as NodeJS.ErrnoException).code ?? cause.name) : cause.message)
  }
  return reasons.length === 0 ? explainFailure(error).message : reasons.join(': ')
}

function adviceOn(error: unknown): string {
  const reason = reasonOf(error)
  if (reason.includes('ECONNREFUSED'))
    return 'nothing listens there: start a server with `ds dev`, or check host and port of --url'
  if (/ENOTFOUND|EAI_AGAIN/.test(reason))
    return 'the name cannot be resolved: check the host in --url, and DNS'
  if (/certificate|self.signed|CERT_/i.test(reason))
    return 'the certificate is not trusted: name its authority in NODE_EXTRA_CA_CERTS'
  if (/wrong version number|EPROTO/i.test(reason)) return 'there is no TLS on this port: use http:// in --url'
  if (reason.includes('did not answer'))
    return 'the address swallows requests: check firewalls and --url, or wait longer with --timeout'
  return 'check --url, and what is between here and the server'
}
