import { DurableStreamError, type DurableStreamErrorCode } from '@ds/client'
import { EXIT, type ExitCode } from './exit-codes.js'
import { CliError } from './failures.js'

/** A failure in the words of this tool; `--output json` prints it as it is. */
export interface Failure {
  /** Stable: of this tool, or of `@ds/client`. */
  readonly code: string
  readonly message: string
  readonly exitCode: ExitCode
  /** The server's own code. */
  readonly serverCode?: string
  readonly status?: number
  readonly url?: string
  /** What to do next. */
  readonly hint?: string
}

interface Meaning {
  readonly exitCode: ExitCode
  readonly hint?: string
}

const CREDENTIALS = "set STREAM_AUTH or --auth, such as --auth 'Bearer <token>'"

/** What the codes of the client mean here; all others exit with 1 and have nothing to advise. */
const MEANINGS: Partial<Readonly<Record<DurableStreamErrorCode, Meaning>>> = {
  NETWORK: {
    exitCode: EXIT.unreachable,
    hint: 'is the server running there? start one with `ds dev`, or name another by --url or STREAM_URL',
  },
  TIMEOUT: {
    exitCode: EXIT.unreachable,
    hint: 'wait longer with --timeout, or find the cause with `ds doctor`',
  },
  BUSY: { exitCode: EXIT.failed, hint: 'the server is overloaded or stopping; try again, or raise --retry' },
  RATE_LIMITED: {
    exitCode: EXIT.failed,
    hint: 'the server limits requests; try again later, or raise --retry',
  },
  NOT_FOUND: {
    exitCode: EXIT.notFound,
    hint: 'create it with `ds create`; `ds doctor` tells whether the base URL is right',
  },
  GONE: {
    exitCode: EXIT.notFound,
    hint: 'it was deleted, or the offset is of an earlier stream: read from the start with --offset -1',
  },
  UNAUTHORIZED: { exitCode: EXIT.denied, hint: CREDENTIALS },
  FORBIDDEN: { exitCode: EXIT.denied, hint: CREDENTIALS },
  STREAM_CLOSED: {
    exitCode: EXIT.conflict,
    hint: 'a closed stream takes nothing any more; write to another one, or to a fork (`ds fork`)',
  },
  CONFLICT: { exitCode: EXIT.conflict },
  CONFLICT_SEQ: {
    exitCode: EXIT.conflict,
    hint: 'its Stream-Seq is not greater than that of an earlier append',
  },
  CONFLICT_EXISTS: {
    exitCode: EXIT.conflict,
    hint: '`ds head` shows how it is configured; delete it or choose another name',
  },
  CONTENT_TYPE_MISMATCH: {
    exitCode: EXIT.conflict,
    hint: '`ds head` shows its content type; leave --content-type out to use that',
  },
  STALE_EPOCH: {
    exitCode: EXIT.conflict,
    hint: 'another run writes under the same producer id; stop one of them',
  },
  SEQUENCE_GAP: {
    exitCode: EXIT.conflict,
    hint: 'the server has lost what the state file knows as written; compare both before going on',
  },
  PAYLOAD_TOO_LARGE: { exitCode: EXIT.failed, hint: 'send smaller batches with --batch-bytes' },
  PROTOCOL_ERROR: {
    exitCode: EXIT.failed,
    hint: 'this does not look like a Durable Streams server; `ds doctor` says more',
  },
}

/** What became of a run that threw. */
export function explainFailure(thrown: unknown): Failure {
  if (thrown instanceof CliError) {
    const { code, message, exitCode, hint } = thrown
    return { code, message, exitCode, ...(hint === null ? {} : { hint }) }
  }
  if (thrown instanceof DurableStreamError) return explainStreamError(thrown)
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  const systemCode = (error as NodeJS.ErrnoException).code
  return { code: systemCode ?? 'UNEXPECTED', message: error.message, exitCode: EXIT.failed }
}

function explainStreamError(error: DurableStreamError): Failure {
  const { code, serverCode, status, url } = error
  const { exitCode, hint: usual } = MEANINGS[code] ?? { exitCode: EXIT.failed }
  const hint = hintOf(error) ?? usual
  return {
    code,
    message: messageOf(error),
    exitCode,
    ...(serverCode === undefined ? {} : { serverCode }),
    ...(status === undefined || status === 0 ? {} : { status }),
    ...(url === undefined ? {} : { url }),
    ...(hint === undefined ? {} : { hint }),
  }
}

/** What to do about causes that the code alone does not tell. */
function hintOf(error: DurableStreamError): string | undefined {
  if (error.serverCode === 'INVALID_OFFSET') {
    return 'an offset is one that `ds head` or --save-offset gave, or -1 for the start, or now'
  }
  const speaksNoTls = causesOf(error).some(({ message }) =>
    /wrong version number|packet length too long/.test(message),
  )
  return speaksNoTls ? 'the server there does not seem to speak TLS: try http://' : undefined
}

/** fetch hides why there is no answer in causes. */
function messageOf(error: DurableStreamError): string {
  const reasons: string[] = []
  for (const cause of causesOf(error)) {
    const [text = ''] = (
      cause.message === '' ? ((cause as NodeJS.ErrnoException).code ?? '') : cause.message
    ).split('\n')
    if (text !== '' && !error.message.includes(text)) reasons.push(text)
  }
  return [error.message, ...reasons].join(': ')
}

function causesOf(error: Error): Error[] {
  const causes: Error[] = []
  for (let cause = error.cause; cause instanceof Error && causes.length < 4; cause = cause.cause)
    causes.push(cause)
  return causes
}
