/** What the exit code of `ds` says. The numbers are stable. */
export const EXIT = {
  ok: 0,
  /** The server or the stream refused, or something failed that has no number of its own. */
  failed: 1,
  /** The command line made no sense. */
  usage: 2,
  /** No server answers, or not in time. */
  unreachable: 3,
  /** There is no such stream, or it is gone. */
  notFound: 4,
  /** It exists with another configuration, is closed, or another writer has taken over. */
  conflict: 5,
  /** The server wants other credentials: 401 or 403. */
  denied: 6,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGTERM. */
  terminated: 143,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The table that `ds --help` and the documentation show. */
export const EXIT_CODE_HELP = `Exit codes:
  0    done
  1    the server or the stream refused, or something failed
  2    the command line makes no sense
  3    no server answers
  4    no such stream, or it is gone
  5    conflict: it exists with another configuration, is closed, or this writer was fenced
  6    not allowed (401, 403)
  130  stopped by Ctrl-C
  143  stopped by SIGTERM`
