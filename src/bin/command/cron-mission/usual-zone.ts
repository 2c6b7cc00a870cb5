/** The zone that most jobs of a schedule go by: whose clock is meant where nothing else says so. */
import type { PlannedJob } from '../../../schedule/language/plan.ts'
import { systemZone } from '../../../time/zone.ts'

export function usualZone(jobs: readonly PlannedJob[]): string {
  const byZone = Map.groupBy(jobs, ({ timezone }) => timezone)
  const [most] = [...byZone].toSorted(([, a], [, b]) => b.length - a.length)
  return most?.[0] ?? systemZone()
}
