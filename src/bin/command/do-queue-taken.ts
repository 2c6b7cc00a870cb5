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
  const who = first === undefined ? 'another worker' : nameOf(first, settings)
  return new ShardTaken(
    EXIT.busy,
    `Shard ${describeShards(plan.shards, plan.total)} of queue "${plan.queue}" is being worked on by ${who}. Wait for it, or use another --total.`,
  )
}

/** Lanes and turns at once would keep neither the order of the one nor the limit of the other. */
export function otherRule({ settings, queue, perKey }: Plan, holder: SeatHolder): Complaint {
  return new Complaint(
    EXIT.busy,
    `Queue "${queue}" is worked ${ruleOf(holder.perKey)} by ${nameOf(holder, settings)}, and this worker was started ${ruleOf(perKey)}. Wait for it, or give all workers of the queue the same --per-key.`,
  )
}

function ruleOf(perKey: number | undefined): string {
  return perKey === undefined ? 'without --per-key' : `with --per-key ${perKey}`
}

function nameOf({ pid, host, since }: SeatHolder, { timezone }: Plan['settings']): string {
  return `pid ${pid} on ${host} since ${localTime(timezone, since).slice(0, 19)}`
}
