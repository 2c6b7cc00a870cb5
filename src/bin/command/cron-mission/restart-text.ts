/**
 * How a restart is told: a line for each step, and what kept it from going on.
 */
import { amount } from '../../../amount.ts'
import { Complaint, EXIT } from '../../../exit.ts'
import type { WorkerProcess } from '../../../queue/store/stop.ts'
import type { RestartStep } from '../../../schedule/stop/restart-steps.ts'
import type { StepEnd } from '../../../schedule/stop/rolling-restart.ts'
import { formatDuration } from '../../../time/duration.ts'
import { describeShards } from '../../shards.ts'
import type { CommandRestarted } from './restart-command.ts'

/** `mail 3/10 on web-1: 4711 -> 4805 (0.3 s)` */
export function stepLine({ step, kind, fresh, ms }: StepEnd): string {
  const from = step.old.map(({ pid }) => pid).join(', ')
  const to = kind === 'replaced' ? fresh.map(({ pid }) => pid).join(', ') || 'nothing left to do' : `not replaced`
  return `${partOf(step)}: ${from} -> ${to} (${(ms / 1_000).toFixed(1)} s)`
}

/** `intake on web-1: 4711 -> 4805 (0.8 s)` */
export function commandLine({ job, host, old, fresh, ms }: CommandRestarted): string {
  const from = old.map(({ pid }) => pid).join(', ')
  const to = fresh.map(({ pid }) => pid).join(', ') || 'a daemon or a tick there runs it again'
  return `${job.id} on ${host}: ${from} -> ${to} (${(ms / 1_000).toFixed(1)} s)`
}

export function commandFacts({ job, host, old, fresh, ms }: CommandRestarted) {
  const [from, to] = [old, fresh].map((workers) => workers.map(({ pid }) => pid))
  return { job: job.id, host, from, to, seconds: Number((ms / 1_000).toFixed(3)) }
}

export function stepFacts({ step, kind, fresh, notLeft, ended, ms, reason }: StepEnd) {
  return {
    job: step.job.id,
    queue: step.job.work.queue,
    total: step.total,
    shards: step.groups.flat(),
    host: step.old[0]?.host ?? null,
    outcome: kind,
    from: step.old.map(({ pid }) => pid),
    to: fresh.map(({ pid }) => pid),
    notLeft: notLeft.map(({ pid }) => pid),
    ended: ended.map(([pid, exitCode]) => ({ pid, exitCode })),
    reason: reason ?? null,
    seconds: Number((ms / 1_000).toFixed(3)),
  }
}

/** Nobody knows by what flags others would come in their place. */
export function untouchedLines(workers: readonly WorkerProcess[]): string[] {
  return workers.map(({ job, queue, shards, total, host, pid }) => {
    const why = job === undefined ? 'a person started it' : `job ${job} is stopped, or works no queue by the schedule`
    return `${queue} ${describeShards(shards, total)} on ${host}: ${pid} stays: ${why}`
  })
}

export function notAllReplaced(
  ends: readonly StepEnd[],
  left: readonly RestartStep[],
  leftBy: string | undefined,
  timeoutMs: number,
): Complaint {
  const bad = ends.filter(({ kind }) => kind !== 'replaced')
  const why = bad.map((end) => trouble(end, timeoutMs))
  if (leftBy !== undefined) why.push(`${leftBy} ended the restart.`)
  const others =
    left.length === 0
      ? ''
      : ` ${amount(left.length, 'step')} more ${left.length === 1 ? 'was' : 'were'} not begun: nothing was asked of those workers.`
  const after =
    ends.length === bad.length ? '' : ' "--started-before" with the time of this restart goes on with the rest.'
  return new Complaint(EXIT.busy, `${why.join(' ')}${others}${after}`)
}

function trouble({ step, kind, notLeft, ended, reason }: StepEnd, timeoutMs: number): string {
  const part = partOf(step)
  const old = notLeft.map(({ pid }) => pid).join(', ')
  const stays = old === '' ? 'nobody has it now' : `${old} goes on`
  if (reason !== undefined) return `${part} was not replaced: a worker could not be started: ${reason}; ${stays}.`
  if (kind === 'late' && old !== '')
    return `${part} was not handed over within ${formatDuration(timeoutMs)}: ${old} does not answer.`
  if (kind === 'late')
    return `${part} was handed over, and within ${formatDuration(timeoutMs)} no other worker has come.`
  const codes = ended.map(([pid, code]) => `${pid} ended with exit ${code}`).join(', ')
  return `${part} was not replaced: the new worker ${codes}; ${stays}. The log do-queue-….log says why.`
}

function partOf({ job, total, groups, old }: RestartStep): string {
  return `${job.id} ${describeShards(groups.flat(), total)} on ${old[0]?.host}`
}
