/** What came of a claim that was rehearsed: see the store's `rehearsal.ts`. */
import { type Finding, problem } from '../../doctor/finding.ts'
import type { Rehearsal } from '../../queue/store/rehearsal.ts'
import { formatDuration } from '../../time/duration.ts'

const CHECK = 'claims'

export const REHEARSAL_CHECKS = 4

export function rehearsalFindings({ claims, lostUpdate, seesCommitted, zoneShiftMs }: Rehearsal): Finding[] {
  const findings: Finding[] = []
  if (claims !== 1) {
    findings.push(
      problem(
        CHECK,
        `Of two claims on one task at the same moment, ${claims === 0 ? 'none' : 'both'} came through, so tasks may ${claims === 0 ? 'never run' : 'run twice'}: look for a trigger on the table queue, or a proxy that answers for the server. Stop the workers until then.`,
      ),
    )
  }
  if (lostUpdate) {
    findings.push(
      problem(
        CHECK,
        'A write that named a claim which was over changed the task all the same. Look for a trigger on the table queue, or a proxy that rewrites statements.',
      ),
    )
  }
  if (seesCommitted === false) {
    findings.push(
      problem(
        CHECK,
        'A transaction does not see what others have committed since it began, although our connections ask for READ COMMITTED. Connect to the server itself, without what is in between.',
      ),
    )
  }
  if (zoneShiftMs !== 0) {
    findings.push(
      problem(
        CHECK,
        `A time in queue.run_at is ${formatDuration(Math.abs(zoneShiftMs))} off for a connection of another time zone: the column is no TIMESTAMP. See the tables first.`,
      ),
    )
  }
  return findings
}
