import type { Command } from 'commander'
import { randomUUID } from 'node:crypto'
import type { CommandSurroundings } from './command-surroundings.js'
import { examples } from './command-surroundings.js'
import { checkClock, checkHealth, checkReachable, checkTls } from '../doctor/connection-checks.js'
import { skip, type Finding } from '../doctor/finding.js'
import { checkLongPoll, checkSse } from '../doctor/live-checks.js'
import { Probe } from '../doctor/probe.js'
import {
  checkCaching,
  checkCors,
  checkCreate,
  checkProducer,
  checkRoundTrip,
} from '../doctor/stream-checks.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import type { Session } from '../session.js'
import { createPaint } from '../terminal/paint.js'
import { formatCount } from '../terminal/quantities.js'

/** What live reads get to deliver, unless --timeout gives them less. */
const MAX_PATIENCE_MS = 5_000

/** Checks that need a stream of their own, in the order in which they are made. */
const STREAM_CHECKS = {
  append: checkRoundTrip,
  producer: checkProducer,
  caching: checkCaching,
  cors: checkCors,
  'long-poll': checkLongPoll,
  sse: checkSse,
} as const

export function addDoctorCommand(program: Command, { start }: CommandSurroundings): void {
  program
    .command('doctor')
    .description('find out what is wrong between here and a server; makes a stream of its own and deletes it')
    .addHelpText(
      'after',
      examples('ds doctor', 'ds doctor --url https://streams.example.com --auth "$TOKEN"'),
    )
    .action((_options: object, self: Command) => start(self, examine))
}

async function examine(session: Session): Promise<ExitCode> {
  const target = session.find(`ds-doctor-${randomUUID()}`)
  const { headers, timeoutMs } = session.settings
  const probe = new Probe(target.url, {
    fetch: session.observed.fetch,
    headers,
    signal: session.host.signal,
    patienceMs: Math.min(MAX_PATIENCE_MS, timeoutMs),
  })
  const findings: Finding[] = []
  const report = async (finding: Finding): Promise<Finding> => {
    session.host.signal.throwIfAborted()
    findings.push(finding)
    await print(session, finding)
    return finding
  }
  const { finding, answer } = await checkReachable(probe)
  await report(finding)
  if (answer === null) return conclude(session, findings, EXIT.unreachable)
  await report(checkClock(answer, Date.now()))
  await report(await checkTls(target.url, Date.now()))
  await report(await checkHealth(target.url, session.observed.fetch))
  if (finding.verdict !== 'ok') return conclude(session, findings)
  await examineStream(probe, report)
  return conclude(session, findings)
}

async function examineStream(probe: Probe, report: (finding: Finding) => Promise<Finding>): Promise<void> {
  const created = await report(await checkCreate(probe))
  if (created.verdict === 'fail') {
    for (const name of Object.keys(STREAM_CHECKS)) await report(skip(name, 'needs a stream'))
    return
  }
  try {
    for (const check of Object.values(STREAM_CHECKS)) await report(await check(probe))
  } finally {
    await probe.send({ method: 'DELETE' }).catch(() => undefined)
  }
}

const LABEL_WIDTH = 11

async function print(session: Session, { check, verdict, found, next }: Finding): Promise<void> {
  if (session.settings.isJson) return
  const paint = createPaint(session.host.isOutTerminal, session.host.env)
  const marks = {
    ok: paint.good('ok  '),
    warn: paint.warn('warn'),
    fail: paint.bad('FAIL'),
    skip: paint.quiet('--  '),
  }
  const advice = next === undefined ? '' : `\n      ${' '.repeat(LABEL_WIDTH)}-> ${next}`
  await session.host.out.write(`${marks[verdict]}  ${check.padEnd(LABEL_WIDTH)}${found}${advice}\n`)
}

async function conclude(session: Session, findings: readonly Finding[], code?: ExitCode): Promise<ExitCode> {
  const failed = findings.filter(({ verdict }) => verdict === 'fail').length
  const warned = findings.filter(({ verdict }) => verdict === 'warn').length
  const made = findings.filter(({ verdict }) => verdict !== 'skip').length
  const end = failed + warned === 0 ? 'all is well' : `${failed} failed, ${formatCount(warned, 'warning')}`
  await session.tell(`\n${formatCount(made, 'check')} of ${session.settings.base.origin}: ${end}`, {
    url: `${session.settings.base.origin}${session.settings.base.path}`,
    failed,
    warnings: warned,
    findings,
  })
  return code ?? (failed === 0 ? EXIT.ok : EXIT.failed)
}
