/**
 * The day log of a worker, whose lines name what it holds.
 */
import { ownIdentity } from '../../host/identity.ts'
import { DayLog } from '../../log/day-log.ts'
import { describeShards } from '../shards.ts'
import type { Plan } from './do-queue-plan.ts'

/** @param shards  those that it holds; none when it got none of those that it asked for */
export function openLog(plan: Plan, shards: readonly number[]): DayLog {
  const { settings } = plan
  const { host, pid } = ownIdentity()
  return new DayLog({
    directory: settings.logsDirectory,
    name: 'do-queue',
    zone: settings.timezone,
    format: settings.logFormat,
    source: { host, pid, shard: describeShards(shards.length > 0 ? shards : plan.shards, plan.total) },
  })
}
