/**
 * Loads a schedule file and plans it, in a thread of its own.
 *
 * A file that computes for ever, leaves the process or prints would otherwise do that to every tick. What comes back is the
 * plan alone, which is plain data.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { formatDuration } from '../../time/duration.ts'
import type { Plan } from './plan.ts'
import { ScheduleThread } from './schedule-thread.ts'

export interface LoadedPlan {
  readonly plan: Plan
  /** Of all jobs that the file has, those with problems too; undefined when it has no jobs at all. */
  readonly ids: readonly string[] | undefined
  /** The user's own files that it was loaded from. */
  readonly files: readonly string[]
}

const LIMIT_MS = 10_000

/**
 * @param path      absolute
 * @param entryUrl  the `file:` URL that an import of `cron-mission` gets
 * @param onOutput  is told each line that the schedule's code prints
 * @throws          Complaint (bad configuration): why the file does not load, a sentence
 */
export async function loadPlan(
  path: string,
  entryUrl: string | undefined,
  onOutput: (line: string) => void,
  limitMs: number = LIMIT_MS,
): Promise<LoadedPlan> {
  const thread = new ScheduleThread(path, entryUrl, onOutput)
  try {
    const answer = await thread.ask({ kind: 'plan' }, limitMs)
    if (answer.kind === 'value') return answer.value as LoadedPlan
    if (answer.kind === 'late') throw bad(path, `it was not done after ${formatDuration(limitMs)}. Does it end`, '?')
    throw answer.isSentence ? new Complaint(EXIT.badConfig, answer.reason) : bad(path, `it ${answer.reason}`)
  } finally {
    await thread.end()
  }
}

function bad(path: string, clause: string, end = '.'): Complaint {
  return new Complaint(EXIT.badConfig, `The schedule does not load: ${path}: ${clause}${end}`)
}
