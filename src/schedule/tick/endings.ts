/**
 * What a tick has to tell of a job: runs of commands that have ended, what could not be started, and what was.
 *
 * Of a command only its end says whether it went well. Workers of a queue and added tasks have gone well when they are
 * there: what becomes of the tasks is each task's own affair.
 */
import type { OpenSlot } from '../../queue/store/read-slot.ts'
import type { RunEnding } from '../incident/incident.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { EndedRun } from './reopen.ts'
import type { Choice } from './start.ts'

export interface Told {
  readonly ended: readonly EndedRun[]
  /** Slots whose run vanished, and waits for a person. */
  readonly held: readonly OpenSlot[]
  readonly choices: readonly Choice[]
  /** Of the choices, those whose processes the system did not start, and why. */
  readonly unlaunched: readonly { readonly choice: Choice; readonly reason: string }[]
}

const NOTHING = { exitCode: null, exitSignal: null, attempts: 0, error: null }

/** In the order of the slots. */
export function endingsOf({ ended, held, choices, unlaunched }: Told): RunEnding[] {
  const runs = ended.map(({ slot, outcome, exitCode, exitSignal }) => ({
    ...runOf(slot),
    ...{ outcome, exitCode, exitSignal },
    error: slot.task?.error ?? null,
  }))
  const waiting = held.map((slot): RunEnding => {
    const error = `held until somebody releases it: ${slot.task?.error ?? 'why is not known'}`
    return { ...runOf(slot), outcome: 'failed', exitCode: null, exitSignal: null, error }
  })
  const decided = choices.flatMap((choice): RunEnding[] => {
    const about = { ...NOTHING, job: choice.job.id, slotAt: choice.key.slotAt }
    const failure = unlaunched.find((one) => one.choice === choice)?.reason ?? troubleOf(choice)
    if (failure !== undefined) return [{ ...about, outcome: 'not-started', error: failure }]
    return isDoneByStarting(choice) ? [{ ...about, outcome: 'done' }] : []
  })
  return [...runs, ...waiting, ...decided].toSorted((a, b) => a.slotAt - b.slotAt)
}

function runOf({ job, slotAt, owner, task }: OpenSlot) {
  return { job, slotAt, host: owner.host, attempts: task?.attempts ?? 0 }
}

function troubleOf({ decision }: Choice): string | undefined {
  return decision.kind === 'no' && decision.trouble ? decision.reason : undefined
}

function isDoneByStarting({ decision }: Choice): boolean {
  return decision.kind === 'start' && decision.deed.kind !== 'run'
}

export function notStarted({ id }: PlannedJob, reason: string): string {
  return `The job "${id}" was not started: ${reason}.`
}
