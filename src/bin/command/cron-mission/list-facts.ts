/** A listed job as JSON: what the schedule says, and how it stands. */

import { queuePauseFacts } from '../../../ctl/pause/queue-pause-facts.ts'
import { slotText } from '../../../queue/exec-queue.ts'
import type { LedgerSlot } from '../../../queue/store/read-slot.ts'
import { describeDue } from '../../../schedule/language/describe.ts'
import { isoTime } from '../../../time/time-text.ts'
import type { ListedJob } from './list.ts'
import { stopFacts } from './stop-facts.ts'

export function listFacts({ job, runs, standing }: ListedJob, withRuns: boolean) {
  const { id, when: words, work, ...rest } = job
  const stop = standing.stops.find(({ kind }) => kind === 'stop')
  const pause = standing.stops.find(({ kind }) => kind === 'pause')
  const { kind, ...does } = work
  return {
    job: id,
    next: isoTime(runs[0]?.startAt),
    ...(withRuns
      ? { runs: runs.map(({ slotAt, startAt }) => ({ slot: slotText(slotAt), start: isoTime(startAt) })) }
      : {}),
    when: describeDue(job),
    words,
    kind,
    ...does,
    ...rest,
    last: standing.last === undefined ? null : slotFacts(standing.last),
    workers: standing.workers.map(({ host, pid, queue, total, shards }) => ({ host, pid, queue, total, shards })),
    ...(stop === undefined ? {} : { stopped: stopFacts(stop) }),
    ...(pause === undefined ? {} : { pausedBy: stopFacts(pause) }),
    ...(standing.queuePause === undefined ? {} : { queuePausedBy: queuePauseFacts(standing.queuePause) }),
  }
}

/** A row of the ledger as JSON. */
export function slotFacts(slot: LedgerSlot) {
  const { owner, outcome, cause, taskId } = slot
  return {
    slot: slotText(slot.slotAt),
    place: slot.place,
    verdict: slot.verdict,
    reason: slot.reason,
    cause: cause ?? null,
    isOpen: slot.isOpen,
    host: owner.host,
    pid: owner.pid,
    decided: isoTime(slot.decidedAt),
    changed: isoTime(slot.changedAt),
    task: taskId ?? null,
    outcome: outcome ?? null,
    exitCode: slot.exitCode,
    exitSignal: slot.exitSignal,
    ended: isoTime(slot.endedAt),
  }
}
