/**
 * `cron-mission status`: how the schedule stands on all hosts, and whether something is wrong with it.
 *
 * It exits 1 when there is trouble, so that a monitor can ask it: a host that is silent, hosts with different schedules, a
 * schedule that cannot be read, or a job whose last run failed or that could not be started. What a person wanted, a stop or a pause, is
 * no trouble.
 */

import { queuePauseFacts } from '../../../ctl/pause/queue-pause-facts.ts'
import { EXIT } from '../../../exit.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import type { LedgerSlot, OpenSlot } from '../../../queue/store/read-slot.ts'
import type { CurrentPlan } from '../../../schedule/language/current-plan.ts'
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { keptNumbers } from '../../../schedule/report/kept-number.ts'
import { type Survey, survey } from '../../../schedule/report/survey.ts'
import type { WorkerState } from '../../../schedule/report/worker-state.ts'
import { isoTime, timeText } from '../../../time/time-text.ts'
import { withOwn } from '../../own-database.ts'
import { printJson } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { isThere, withDatabase } from '../../with-database.ts'
import { planNow } from './schedule.ts'
import type { ScheduleFlags } from './schedule-path.ts'
import { statusText } from './status-text.ts'
import { stopFacts } from './stop-facts.ts'
import { usualZone } from './usual-zone.ts'

export interface StatusFlags extends ScheduleFlags {
  readonly json?: boolean | undefined
}

const NOBODY: Survey = {
  ...{ now: 0, hosts: [], workers: [], underWay: [], waiting: [], stops: [] },
  ...{ queuePauses: [], failed: [] },
  troubles: ['No tick has been seen yet: there is no database. "cron-mission install" writes the crontab line.'],
}

export async function status(flags: StatusFlags, settings: Settings): Promise<number> {
  const plan = await planNow(flags, settings)
  const timezone = usualZone(plan.jobs)
  const state = await surveyAll(settings, plan.jobs)
  const troubles = [...ofPlan(plan, state.now, timezone), ...state.troubles]
  if (flags.json) printJson(facts(plan, state, troubles))
  else process.stdout.write(statusText(plan, { ...state, troubles }, timezone))
  return troubles.length > 0 ? EXIT.taskFailed : EXIT.ok
}

async function surveyAll(settings: Settings, jobs: readonly PlannedJob[]): Promise<Survey> {
  if (!isThere(settings)) return NOBODY
  return withDatabase(settings, (db) => withOwn(settings, (own) => survey(db, own, jobs)))
}

function ofPlan({ problems, staleSince }: CurrentPlan, now: number, zone: string): string[] {
  const sentences = problems.map(({ sentence }) => sentence)
  if (staleSince === undefined) return sentences
  const since = timeText(zone, staleSince, Math.max(now, staleSince))
  return [...sentences, `What it said before is in force since ${since}.`]
}

function facts(
  plan: CurrentPlan,
  { now, hosts, workers, underWay, waiting, stops, queuePauses, failed }: Survey,
  troubles: string[],
) {
  return {
    jobs: plan.jobs.length,
    plan: plan.hash,
    staleSince: isoTime(plan.staleSince),
    hosts: hosts.map(({ host, minute, at, plan, isSilent }) => ({
      ...{ host, lastTick: isoTime(at), lastMinute: isoTime(minute), secondsAgo: Math.round((now - at) / 1_000) },
      ...{ plan, isSilent },
    })),
    always: keptNumbers(plan.jobs, workers),
    workers: workers.map(workerFacts),
    underWay: underWay.map(slotFacts),
    waiting: waiting.map(slotFacts),
    stopped: stops.map((stop) => ({ kind: stop.kind, ...stopFacts(stop) })),
    pausedQueues: queuePauses.map(queuePauseFacts),
    failed: failed.map(failureFacts),
    troubles,
  }
}

function workerFacts({ job, queue, total, shards, host, pid, since, leaseLeftMs, asked, ...worker }: WorkerState) {
  const leaseSeconds = Math.round(leaseLeftMs / 1_000)
  const runs = worker.doings.map(({ task, count, longestMs }) => ({
    ...{ task, count, longestSeconds: Math.floor(longestMs / 1_000) },
  }))
  return {
    ...{ job: job ?? null, queue, total, shards, host, pid, since: isoTime(since), leaseSeconds, isLeaving: asked },
    ...{ state: worker.state, runs },
    ...(worker.perKey === undefined ? {} : { perKey: worker.perKey }),
  }
}

function slotFacts({ job, slotAt, place, verdict, cause, reason, taskId, task, changedAt }: OpenSlot) {
  const run = task === undefined ? {} : { state: task.status, attempt: task.attempts }
  const since = isoTime(task?.startedAt ?? changedAt)
  return {
    job,
    slot: slotText(slotAt),
    place,
    verdict,
    cause: cause ?? null,
    reason,
    task: taskId ?? null,
    ...run,
    since,
  }
}

function failureFacts({ job, slotAt, place, verdict, reason, taskId, exitCode, exitSignal }: LedgerSlot) {
  return { job, slot: slotText(slotAt), place, verdict, reason, task: taskId ?? null, exitCode, exitSignal }
}
