/** What one check found. */
export interface Finding {
  /** Stable, for scripts. */
  readonly check: string
  readonly verdict: 'ok' | 'warn' | 'fail' | 'skip'
  readonly found: string
  /** What to do about it; left out when there is nothing to do. */
  readonly next?: string
}

export function ok(check: string, found: string): Finding {
  return { check, verdict: 'ok', found }
}

export function warn(check: string, found: string, next: string): Finding {
  return { check, verdict: 'warn', found, next }
}

export function fail(check: string, found: string, next: string): Finding {
  return { check, verdict: 'fail', found, next }
}

export function skip(check: string, found: string): Finding {
  return { check, verdict: 'skip', found }
}
