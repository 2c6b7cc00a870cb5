/**
 * `cron-mission resume`: what was stopped or paused may be started again.
 *
 * A stop is undone by the same words: `stop mail --all-hosts` by `resume mail --all-hosts`; without a job the stops of single
 * jobs are lifted as well, but never one that somebody put on all hosts. A pause is lifted by its job alone, on all hosts: a
 * deploy that ends with `resume` leaves alone what somebody has paused for a reason of their own.
 */

import { EXIT } from '../../../exit.ts'
import { ownIdentity } from '../../../host/identity.ts'
import type { Driver } from '../../../queue/driver.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import { sinceAndBy } from '../../../queue/pause-words.ts'
import { reopenSlots } from '../../../queue/store/reopen-slots.ts'
import type { SlotKey } from '../../../queue/store/slot.ts'
import { EVERY, holds, removeStops, type Stop, type StopKey, stops } from '../../../queue/store/stop.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { pastWord, place, resumeCommand, subject } from '../../../schedule/stop/stop-words.ts'
import { formatDuration } from '../../../time/duration.ts'
import { minuteText } from '../../../time/time-text.ts'
import { whoAsks } from '../../operator.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { withDatabase } from '../../with-database.ts'
import { requireJob } from './find-job.ts'
import { withLedger } from './ledger.ts'
import { complain, readSchedule } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { stopFacts } from './stop-facts.ts'
import { type ZoneOf, zonesOf } from './usual-zone.ts'

export interface ResumeFlags extends ScheduleFlags {
  readonly job?: string | undefined
  readonly 'all-hosts'?: boolean | undefined
  readonly 'catch-up'?: boolean | undefined
  readonly json?: boolean | undefined
}

const PATIENCE_MS = 10_000

export async function resume(flags: ResumeFlags, settings: Settings): Promise<number> {
  const key = { job: flags.job ?? EVERY, host: flags['all-hosts'] ? EVERY : ownIdentity().host }
  const catchUp = flags['catch-up'] ? await jobsToCatchUp(flags, settings) : []
  return withDatabase(settings, async (db) => {
    const all = await stops(db)
    const lifted = all.filter((one) => isLifted(one, key))
    if (lifted.length === 0 && flags.job !== undefined) await requireJob(flags.job, flags, settings)
    await removeStops(db, lifted, PATIENCE_MS)
    const remaining = all.filter((one) => !lifted.includes(one) && concerns(one, key))
    const reopened = await reopen(db, catchUp, remaining, settings)
    if (flags.json) {
      const slots = reopened.map(({ job, slotAt, place }) => ({ job, slot: slotText(slotAt), place }))
      const facts = { lifted: lifted.map(stopFacts), remaining: remaining.map(stopFacts), reopened: slots }
      printJson(facts)
    } else {
      const zoneOf = await zonesOf(flags, settings)
      const lines = [...liftedLines(key, lifted, zoneOf), ...remaining.map((one) => remainingLine(one, zoneOf))]
      const made = flags['catch-up'] ? catchUpLines(catchUp, reopened) : notMadeUpFor(lifted)
      printLines([...lines, ...made])
    }
    return EXIT.ok
  })
}

function isLifted({ kind, job, host }: Stop, key: StopKey): boolean {
  return kind === 'pause' ? job === key.job : host === key.host && [EVERY, job].includes(key.job)
}

/** Whether what is still in force keeps back some of what was to be started again. */
function concerns({ kind, job, host }: Stop, wanted: StopKey): boolean {
  const sameJob = job === EVERY || [EVERY, job].includes(wanted.job)
  return sameJob && (kind === 'pause' || wanted.host === EVERY || [EVERY, ownIdentity().host].includes(host))
}

async function jobsToCatchUp(flags: ResumeFlags, settings: Settings): Promise<PlannedJob[]> {
  if (flags.job !== undefined) await requireJob(flags.job, flags, settings)
  const { jobs, problems } = await readSchedule(flags, settings)
  for (const { sentence } of problems) complain(sentence)
  return jobs.filter(({ id }) => flags.job === undefined || id === flags.job)
}

/** Of a job that every host runs with a ledger of its own, the slots of this host. */
async function reopen(
  db: Driver,
  jobs: readonly PlannedJob[],
  remaining: readonly Stop[],
  settings: Settings,
): Promise<SlotKey[]> {
  const self = ownIdentity()
  const reason = `resume --catch-up by ${whoAsks()}`
  const reopened: SlotKey[] = []
  for (const job of jobs) {
    const { id, catchUp, paused } = job
    // What is kept back by something else would be kept back again.
    if (paused !== undefined || remaining.some((one) => holds(one, id, self.host))) continue
    const how = { reason, self, patienceMs: PATIENCE_MS }
    const slots = await withLedger(job, db, settings, (ledger) => reopenSlots(ledger, id, catchUp.withinMs, how))
    reopened.push(...slots)
  }
  return reopened
}

function liftedLines(key: StopKey, lifted: readonly Stop[], zoneOf: ZoneOf): string[] {
  if (lifted.length === 0) {
    const [what, it] = key.job === EVERY ? ['all jobs', 'them'] : [`job ${key.job}`, 'it']
    return [`There is no pause of ${what}, and no stop of ${it} ${place(key)}.`]
  }
  return lifted.map((one) => {
    const why = one.reason === undefined ? '' : `: ${one.reason}`
    return `${subject(one, 'may', 'may')} be started again ${place(one)} (${pastWord(one)} ${sinceAndBy(one, zoneOf(one.job))}${why}).`
  })
}

function remainingLine(one: Stop, zoneOf: ZoneOf): string {
  const there = one.kind === 'pause' || [EVERY, ownIdentity().host].includes(one.host) ? '' : ` on ${one.host}`
  const why = one.reason === undefined ? '' : ` (${one.reason})`
  const is = `${subject(one, 'is', 'are')} still ${pastWord(one)} ${place(one)}, ${sinceAndBy(one, zoneOf(one.job))}${why}`
  return `${is}: "${resumeCommand(one)}"${there} lifts that.`
}

function notMadeUpFor(lifted: readonly Stop[]): string[] {
  if (!lifted.some(({ kind }) => kind === 'pause')) return []
  return ['What was due meanwhile is not made up for; "resume --catch-up" runs the newest slot of each job.']
}

function catchUpLines(jobs: readonly PlannedJob[], reopened: readonly SlotKey[]): string[] {
  if (reopened.length === 0) {
    const [only] = jobs
    const within = jobs.length === 1 && only !== undefined ? ` within ${formatDuration(only.catchUp.withinMs)}` : ''
    return [`There is nothing to make up for${within}.`]
  }
  return reopened.map(({ job, slotAt }) => {
    const zone = jobs.find(({ id }) => id === job)?.timezone ?? 'UTC'
    return `The next tick runs job ${job} for its slot of ${minuteText(zone, slotAt)}.`
  })
}
