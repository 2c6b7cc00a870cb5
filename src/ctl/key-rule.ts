/** Whether the tasks of a key are a lane, or take turns with those of other keys: as workers have it, or else the schedule. */
import type { Driver } from '../queue/driver.ts'
import { ruleOfWorkers } from '../queue/store/key-rule.ts'

/** What the schedule says of a queue; only asked where no worker is there. */
export type PlannedPerKey = (queue: string) => Promise<number | undefined>

/** @returns how many tasks of one key run at once; undefined where each key is a lane */
export async function perKeyOf(db: Driver, queue: string, planned: PlannedPerKey): Promise<number | undefined> {
  const rule = await ruleOfWorkers(db, queue)
  return rule === undefined ? planned(queue) : rule.perKey
}
