/**
 * Tasks in a list: one line each, with what matters to the state that a task is in.
 */
import { isFinal } from '../queue/status.ts'
import type { ListedTask } from '../queue/store/list-tasks.ts'
import { distance, isoTime } from '../time/time-text.ts'
import { errorLine } from './error-text.ts'
import { readableLine } from './readable.ts'

/** As much of a parameter or an error as a line may have room for. */
export const LONGEST_CELL = 300

/** UTC milliseconds of what matters to its state: since when it waits, when its time comes, when it finished. */
export function momentOf({ state, runAt, startedAt, finishedAt, changedAt }: ListedTask): number {
  switch (state) {
    case 'ready':
    case 'scheduled':
      return runAt
    case 'running':
      return startedAt ?? changedAt
    case 'done':
    case 'failed':
    case 'cancelled':
      return finishedAt ?? changedAt
    default:
      return changedAt
  }
}

/** `for 4m5s`, `in 2h3m`, `4m5s ago`. */
export function whenText(task: ListedTask, now: number): string {
  const { state, cancelling } = task
  if (cancelling) return 'being stopped'
  const at = momentOf(task)
  const text = distance(at, now)
  if (isFinal(state) || text === 'now') return text
  if (at > now) return state === 'held' || state === 'running' ? 'now' : text
  return state === 'scheduled' ? 'due' : `for ${text.replace(/ ago$/, '')}`
}

/** What went wrong with it, where something did and it is not over; else its parameter. */
export function aboutText({ state, error, param }: ListedTask): string {
  const isWrong = error !== null && state !== 'done' && state !== 'running'
  return readableLine(isWrong ? errorLine(error) : param, LONGEST_CELL)
}

/** The stable names of `--json`, those of `queuectl show`. */
export function listedFacts(task: ListedTask) {
  const { addedAt, changedAt, runAt, expiresAt, startedAt, finishedAt, ...others } = task
  return {
    ...others,
    addedAt: isoTime(addedAt),
    changedAt: isoTime(changedAt),
    runAt: isoTime(runAt),
    expiresAt: isoTime(expiresAt),
    startedAt: isoTime(startedAt),
    finishedAt: isoTime(finishedAt),
  }
}
