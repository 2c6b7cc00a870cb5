/** Finished tasks that are kept for long: whether anything deletes them, and whether it keeps up. */

import { grouped } from '../../amount.ts'
import { type Finding, note } from '../../doctor/finding.ts'
import type { Some } from '../../queue/store/left-behind.ts'
import { roughly } from '../../time/time-text.ts'

export const OLD_MS = 30 * 86_400_000
/** Fewer than that harm nobody. */
export const MANY = 10_000

/**
 * @param kept     those that finished before `OLD_MS`, counted up to `MANY`
 * @param perDay   how many finish in a day, as far as that is known
 * @param purgeJob the job of the schedule that deletes them, where one does
 */
export function retentionFindings(
  kept: Some | undefined,
  perDay: number | undefined,
  purgeJob: string | undefined,
): Finding[] {
  if (kept === undefined || kept.count < MANY) return []
  const rate = perDay === undefined || perDay === 0 ? '' : `, and ${grouped(perDay)} more come every day`
  const what = `${grouped(MANY)} tasks or more that finished over 30 days ago are kept, the oldest for ${roughly(kept.oldestMs ?? 0)}${rate}`
  if (purgeJob !== undefined) {
    return [
      note(
        'purge',
        `${what}, although the job "${purgeJob}" purges. If that is not what it is told to keep, see "queuectl list --queue exec:${purgeJob}", or give it more --pace.`,
      ),
    ]
  }
  const job = "purge: { when: daily('04:20'), exec: ['queuectl', 'purge', '--older-than', '30d', '--logs'] }"
  return [note('purge', `${what}: nothing deletes them. Put a job into the schedule: ${job}`)]
}
