/**
 * `cron-mission check`: what is wrong with the schedule, and what it says that may not be meant.
 */

import { amount, ifAny } from '../../../amount.ts'
import { EXIT } from '../../../exit.ts'
import { notesOf } from '../../../schedule/language/lint.ts'
import { printJson, printLines } from '../../print.ts'
import type { Settings } from '../../settings.ts'
import { readSchedule } from './schedule.ts'
import { type ScheduleFlags, schedulePath } from './schedule-path.ts'

export interface CheckFlags extends ScheduleFlags {
  readonly json?: boolean | undefined
}

/** @param now  UTC milliseconds; the dates in notes are later */
export async function check(flags: CheckFlags, settings: Settings, now: number): Promise<number> {
  const { jobs, problems } = await readSchedule(flags, settings)
  const notes = jobs.flatMap((job) => notesOf(job, now).map((note) => ({ job: job.id, note })))
  if (flags.json) {
    printJson({ jobs: jobs.map(({ id }) => id), problems, notes })
  } else {
    printLines(problems.map(({ sentence }) => sentence))
    for (const [note, ids] of byNote(notes)) process.stdout.write(`Note on ${ids.join(', ')}: ${note}\n`)
    const found = [...ifAny(problems.length, 'problem'), ...ifAny(byNote(notes).size, 'note')]
    const verdict = found.length === 0 ? 'all right' : found.join(', ')
    process.stdout.write(`${schedulePath(flags, settings)}: ${amount(jobs.length, 'job')} can run, ${verdict}\n`)
  }
  return problems.length === 0 ? EXIT.ok : EXIT.badConfig
}

/** What is the same for several jobs is said once. */
function byNote(notes: readonly { readonly job: string; readonly note: string }[]): Map<string, string[]> {
  const ids = new Map<string, string[]>()
  for (const { job, note } of notes) ids.set(note, [...(ids.get(note) ?? []), job])
  return ids
}
