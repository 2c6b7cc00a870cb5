/**
 * `cron-mission doctor`: why nothing runs, or will not when it matters. Every finding is one sentence that says what to do.
 */

import { existsSync, readFileSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { clockFindings } from '../../../doctor/clock.ts'
import { diskFindings, diskOf } from '../../../doctor/directories.ts'
import { type Finding, note, problem } from '../../../doctor/finding.ts'
import { findingsText, inOrder, problemsOf } from '../../../doctor/report.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import { tickRows } from '../../../queue/store/tick-row.ts'
import { parseQueueUrl } from '../../../queue/url.ts'
import { isSame, ownCall } from '../../../schedule/crontab/own-call.ts'
import { livingDaemons } from '../../../schedule/daemon/daemon-mark.ts'
import { containerFindings } from '../../../schedule/doctor/container.ts'
import { environmentFindings } from '../../../schedule/doctor/cron-environment.ts'
import { cronDaemons, cronFindings } from '../../../schedule/doctor/cron-service.ts'
import { crontabFindings, type FoundLine, staleFindings } from '../../../schedule/doctor/crontab-lines.ts'
import { findTickLines } from '../../../schedule/doctor/find-lines.ts'
import { commandFindings } from '../../../schedule/doctor/job-commands.ts'
import { hasTicked, tickFindings, WRONG_MS } from '../../../schedule/doctor/last-ticks.ts'
import { type CronUser, type Probe, type Replay, replay } from '../../../schedule/doctor/replay.ts'
import { systemdFindings, tickUnits } from '../../../schedule/doctor/systemd-timer.ts'
import { notesOf } from '../../../schedule/language/lint.ts'
import { folding } from '../../explanation-text.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { probe } from './probe.ts'
import { readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'

export interface DoctorFlags extends ScheduleFlags {
  readonly directory?: string | undefined
  readonly json?: boolean | undefined
}

export async function doctor(flags: DoctorFlags, settings: Settings): Promise<number> {
  const database = await askDatabase(settings)
  const findings = [
    ...(await startFindings(flags, settings, database.hasTicked)),
    ...diskFindings('log directory', settings.logsDirectory, diskOf(settings.logsDirectory)),
    ...diskFindings('state directory', settings.stateDirectory, diskOf(settings.stateDirectory)),
    ...database.findings,
    ...containerFindings(),
  ]
  const all = inOrder(findings)
  const problems = problemsOf(all).length
  if (flags.json) printJson({ problems, notes: all.length - problems, findings: all })
  else process.stdout.write(findingsText(all, 'All is well.', process.stdout, folding(process.stdout)))
  return problems === 0 ? EXIT.ok : EXIT.taskFailed
}

/** What starts the ticks, and what they will find. */
async function startFindings(flags: DoctorFlags, settings: Settings, hasTicked: boolean): Promise<Finding[]> {
  const shellDirectory = flags.directory === undefined ? process.env.PWD : undefined
  const script = process.argv[1] ?? ''
  const { directory } = ownCall({ directory: settings.directory, shellDirectory, node: process.execPath, script })
  const user = currentUser()
  const all = await findTickLines(user)
  const lines = all.filter((line) => line.directory === directory || isSame(line.directory, directory))
  const units = tickUnits(directory)
  const daemons = livingDaemons(settings.stateDirectory)
  const others = [...units.map(({ name }) => name), ...daemons.map((pid) => `the daemon with pid ${pid}`)]
  const here = await probe(flags, settings)
  const replays = await Promise.all(lines.map((line) => replayed(line, user)))
  const seen = replays.flatMap(({ told }) => told?.probe ?? [])
  return [
    ...crontabFindings({ directory, lines, others, hasTicked }),
    ...staleFindings(all),
    ...cronFindings(cronDaemons(), lines.length > 0),
    ...systemdFindings(units),
    ...replays.flatMap(({ line, told, findings }) =>
      told === undefined ? findings : environmentFindings(told, here, line.place),
    ),
    ...(seen.length > 0 ? [] : here.findings),
    ...(await jobFindings(flags, settings, seen[0] ?? here)),
  ]
}

interface Replayed {
  readonly line: FoundLine
  readonly told?: Replay
  readonly findings: readonly Finding[]
}

/** A line that a % cuts was told of already. */
async function replayed(line: FoundLine, self: CronUser): Promise<Replayed> {
  const { entry } = line.line
  if (entry?.kind !== 'job') return { line, findings: [] }
  const user = line.user === undefined || line.user === self.name ? self : otherUser(line.user)
  if (user === undefined) {
    const sentence = `${line.place} runs it as ${line.user}: run the doctor as that user, or as root.`
    return { line, findings: [note('environment', sentence)] }
  }
  const told = await replay(entry.command, line.variables, user)
  const wasTold = told.probe === undefined && entry.command !== entry.uncut
  return { line, ...(wasTold ? {} : { told }), findings: [] }
}

async function jobFindings(flags: ScheduleFlags, settings: Settings, { path }: Probe): Promise<Finding[]> {
  try {
    const { jobs } = await readSchedule(flags, settings)
    const now = Date.now()
    const notes = jobs.flatMap((job) => notesOf(job, now).map((text) => note('schedule', `Job "${job.id}": ${text}`)))
    return [...commandFindings(jobs, settings.directory, path), ...notes]
  } catch (error) {
    if (error instanceof Complaint) return [] // told of already
    throw error
  }
}

interface Asked {
  readonly findings: readonly Finding[]
  readonly hasTicked: boolean
}

async function askDatabase(settings: Settings): Promise<Asked> {
  try {
    const place = parseQueueUrl(settings.queueUrl, settings.directory)
    // To look makes no database.
    if (place.kind === 'sqlite' && !existsSync(place.file)) return { findings: [], hasTicked: false }
    const disk = place.kind === 'sqlite' ? diskFindings('database', place.file, diskOf(place.file)) : []
    return await withDatabase(settings, async (db) => {
      const { host } = ownIdentity()
      const before = Date.now()
      const ticks = await tickRows(db)
      const clock = clockFindings(ticks.now, { before, after: Date.now() }, WRONG_MS)
      return { findings: [...disk, ...clock, ...tickFindings(ticks, host)], hasTicked: hasTicked(ticks, host) }
    })
  } catch (error) {
    if (error instanceof Complaint) return { findings: [problem('database', error.message)], hasTicked: false }
    throw error
  }
}

function currentUser(): CronUser {
  try {
    const { username: name, homedir: home } = userInfo()
    return { name, home }
  } catch {
    return { name: String(process.getuid?.()), home: homedir() } // a container's user need not have a name
  }
}

/** Only root may act as somebody else. */
function otherUser(name: string): CronUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
  const [, , uid, gid, , home = '/'] = line?.split(':') ?? []
  return uid === undefined ? undefined : { name, home, ids: { uid: Number(uid), gid: Number(gid) } }
}
