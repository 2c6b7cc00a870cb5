/** Jobs as a plan has them, for what is told about them otherwise. */
import type { PlannedJob, Work } from '../../src/schedule/language/plan.ts'

const BASE = {
  id: 'mail',
  when: [],
  except: [],
  always: false,
  timezone: 'UTC',
  hosts: 'one',
  onlyIf: false,
  overlap: 'skip',
  catchUp: { policy: 'latest', withinMs: 3_600_000, max: 10 },
  spreadMs: 0,
} as const

export function plannedJob<W extends Work>(
  work: W,
  options: Partial<PlannedJob> = {},
): PlannedJob & { readonly work: W } {
  return { ...BASE, ...options, work }
}
