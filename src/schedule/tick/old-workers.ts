/**
 * Workers that have to leave before others can come: they go by what the schedule said before.
 */
import type { JobSeatHolder } from '../../queue/store/seat.ts'
import type { Decision, Leave } from './decide.ts'

/** @returns undefined when there are none. All workers of a queue have one rule for keys, also those that are not of the job. */
export function oldWorkers(
  job: string,
  perKey: number | undefined,
  total: number,
  holders: readonly JobSeatHolder[],
): Decision | undefined {
  const wait = (which: string, old: readonly JobSeatHolder[], leave: Leave): Decision => ({
    kind: 'wait',
    cause: 'overlap',
    reason: `workers ${which} have to leave first: ${named(old)}`,
    leave,
  })
  const ofTotal = holders.filter((holder) => holder.job === job && holder.total !== total)
  if (ofTotal.length > 0)
    return wait(`of the old total ${ofTotal[0]?.total}`, ofTotal, (worker) => worker.total !== total)
  const ofRule = holders.filter((holder) => holder.perKey !== perKey)
  const [first] = ofRule
  if (first === undefined) return undefined
  const rule = first.perKey === undefined ? 'without perKey' : `with perKey ${first.perKey}`
  return wait(rule, ofRule, (worker) => worker.perKey !== perKey)
}

/** `0 by web-1:4711, 1 by web-1:4712` */
export function named(holders: readonly JobSeatHolder[]): string {
  return holders.map(({ shard, host, pid }) => `${shard} by ${host}:${pid}`).join(', ')
}
