/**
 * Shards of a queue that another worker has.
 */
import { Complaint, EXIT } from '../../exit.ts'
import type { SeatHolder } from '../../queue/store/seat.ts'
import { localTime } from '../../time/zone.ts'
import { describeShards } from '../shards.ts'
import type { Plan } from './do-queue-plan.ts'

class ShardTaken extends Complaint {}

/** Another worker was started for it in the meantime. */
export function whenTaken(error: unknown): undefined {
  if (!(error instanceof ShardTaken)) throw error
}

export function takenBy({ host, pid, shard, total }: SeatHolder) {
  return { taken: `${shard}/${total}`, holder: `${host}:${pid}` }
}

export function busy({ settings, ...plan }: Plan, taken: readonly SeatHolder[]): ShardTaken {
  const [first] = taken
  const who =
    first === undefined
      ? 'another worker'
      : `pid ${first.pid} on ${first.host} since ${localTime(settings.timezone, first.since).slice(0, 19)}`
  return new ShardTaken(
    EXIT.busy,
    `Shard ${describeShards(plan.shards, plan.total)} of queue "${plan.queue}" is being worked on by ${who}. Wait for it, or use another --total.`,
  )
}
