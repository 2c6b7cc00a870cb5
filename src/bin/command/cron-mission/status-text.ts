/**
 * The state of the schedule as text: what is wrong first, then a block for each kind of thing, empty ones left out.
 */

import { shardRanges } from '../../../queue/bucket.ts'
import { queuePauseSentence, sinceAndBy } from '../../../queue/pause-words.ts'
import type { OpenSlot } from '../../../queue/store/read-slot.ts'
import type { CurrentPlan } from '../../../schedule/language/current-plan.ts'
import { type KeptNumber, keptNumbers } from '../../../schedule/report/kept-number.ts'
import type { Survey } from '../../../schedule/report/survey.ts'
import type { WorkerState } from '../../../schedule/report/worker-state.ts'
import { pastWord, place, subject } from '../../../schedule/stop/stop-words.ts'
import { formatDuration } from '../../../time/duration.ts'
import { distance, minuteText, timeText } from '../../../time/time-text.ts'
import { describeShards } from '../../shards.ts'
import { type Column, table } from '../../table.ts'

const PLAN_LENGTH = 8

export function statusText(plan: CurrentPlan, state: Survey, zone: string): string {
  const { now, hosts, workers, underWay, waiting, stops, queuePauses, troubles } = state
  const jobs = plan.jobs.length === 1 ? '1 job' : `${plan.jobs.length} jobs`
  const head = [...troubles, ...(troubles.length === 0 ? [`${jobs}, all is well.`] : [])]
  const blocks = [
    head.map((line) => `${line}\n`).join(''),
    block(
      ['HOST', 'LAST TICK', 'SCHEDULE', 'STATE'],
      hosts.map(({ host, at, plan, isSilent }) => [
        host,
        timeText(zone, at, now),
        plan.slice(0, PLAN_LENGTH),
        isSilent ? 'silent' : 'ticks',
      ]),
    ),
    block(['ALWAYS AT WORK', 'WANTED', 'THERE', 'MISSING'], keptNumbers(plan.jobs, workers).map(keptRow)),
    block(
      ['WORKERS OF', 'QUEUE', 'SHARDS', 'PID', 'HOST', 'SINCE', 'LEASE', 'STATE', { title: 'RUNS', least: 20 }],
      workers.map((worker) => workerRow(worker, now, zone)),
    ),
    block(
      ['UNDER WAY', 'SLOT', 'STATE', 'SINCE', { title: 'TASK' }],
      underWay.map((slot) => runRow(slot, now, zone)),
    ),
    block(
      ['WAITING', 'SLOT', 'FOR', { title: 'REASON', least: 20 }],
      waiting.map(({ job, slotAt, cause, verdict, reason }) => [
        job,
        minuteText(zone, slotAt),
        cause ?? verdict,
        reason,
      ]),
    ),
    plan.jobs
      .flatMap(({ id, paused }) => (paused === undefined ? [] : `Job ${id} is paused in the schedule: ${paused}.\n`))
      .join(''),
    stops
      .map((stop) => {
        const why = stop.reason === undefined ? '' : ` (${stop.reason})`
        const own = plan.jobs.find(({ id }) => id === stop.job)?.timezone ?? zone
        return `${subject(stop, 'is', 'are')} ${pastWord(stop)} ${place(stop)} ${sinceAndBy(stop, own)}${why}.\n`
      })
      .join(''),
    queuePauses.map((pause) => `${queuePauseSentence(pause, zone)}\n`).join(''),
  ]
  return blocks.filter((text) => text !== '').join('\n')
}

function block(columns: readonly (string | Column)[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : table(columns, rows)
}

function keptRow({ job, wanted, there, missing }: KeptNumber): string[] {
  return [job, wanted === null ? 'as shards says' : String(wanted), String(there), shardRanges(missing)]
}

function workerRow(worker: WorkerState, now: number, zone: string): string[] {
  const { job, queue, perKey, shards, total, pid, host, since, leaseLeftMs, state, doings } = worker
  const lease = leaseLeftMs > 0 ? formatDuration(Math.ceil(leaseLeftMs / 1_000) * 1_000) : 'over'
  const runs = doings.map(
    ({ task, count, longestMs }) => `${count} ${task} (${formatDuration(Math.floor(longestMs / 1_000) * 1_000)})`,
  )
  return [
    ...[
      job ?? '(by hand)',
      perKey === undefined ? queue : `${queue}, ${perKey} a key`,
      describeShards(shards, total),
      String(pid),
      host,
    ],
    ...[timeText(zone, since, now), lease, state, runs.join(', ')],
  ]
}

function runRow({ job, slotAt, task, taskId, changedAt }: OpenSlot, now: number, zone: string): string[] {
  const attempt = task !== undefined && task.attempts > 1 ? `, attempt ${task.attempts}` : ''
  const state = task === undefined ? 'at work' : `${task.status}${attempt}`
  const since = distance(task?.startedAt ?? changedAt, now)
  return [job, minuteText(zone, slotAt), state, since, taskId === undefined ? '' : String(taskId)]
}
