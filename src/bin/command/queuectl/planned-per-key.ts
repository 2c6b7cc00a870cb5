/** How many tasks of one key the schedule lets run at once in a queue, for when no worker is there that would show it. */
import type { Settings } from '../../settings.ts'

/** @returns undefined where each key is a lane, and where no tick has left a plan on this host */
export async function plannedPerKey(settings: Settings, queue: string): Promise<number | undefined> {
  const { lastPlan } = await import('./last-plan.ts')
  for (const { work } of lastPlan(settings)?.jobs ?? [])
    if (work.kind === 'queue' && work.queue === queue) return work.perKey
  return undefined
}
