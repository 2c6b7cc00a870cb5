/**
 * The shards this worker holds, and the lease that says it is alive.
 */
import type { Driver } from '../queue/driver.ts'
import {
  BEAT_MS,
  LEASE_MS,
  leaveSeats,
  renewSeats,
  type SeatHolder,
  type SeatTerms,
  takeSeat,
} from '../queue/store/seat.ts'
import { isGone, ownIdentity } from './identity.ts'

export interface Seats {
  /** The shards that are ours now, ascending. */
  readonly shards: readonly number[]
  /** The first of our rows in `worker`: what claimed rows point to. */
  readonly workerId: number
  /** Who holds the shards we asked for and did not get. */
  readonly taken: readonly SeatHolder[]
  /** Begins to renew; `onLost` is called once, when a seat is no longer ours or could not be renewed in time. */
  keep(onLost: (reason: string) => void): void
  leave(): Promise<void>
}

const PATIENCE_MS = 10_000

/** Takes what is free of the shards asked for; `shards` is empty when others hold them all. */
export async function takeSeats(
  db: Driver,
  queue: string,
  total: number,
  wanted: readonly number[],
  terms: SeatTerms,
): Promise<Seats> {
  const self = ownIdentity()
  const ids: number[] = []
  const shards: number[] = []
  const taken: SeatHolder[] = []
  for (const shard of wanted) {
    const seating = await takeSeat(db, { queue, total, shard }, self, terms, isGone)
    if (seating.kind === 'taken') {
      taken.push(seating.holder)
    } else {
      ids.push(seating.workerId)
      shards.push(shard)
    }
  }
  let beat: NodeJS.Timeout | undefined
  return {
    shards,
    workerId: ids[0] ?? 0,
    taken,
    keep(onLost) {
      beat = keepLease(db, ids, onLost)
    },
    async leave() {
      clearInterval(beat)
      // When the database cannot be told, the lease ends by itself.
      if (ids.length > 0) await leaveSeats(db, ids, PATIENCE_MS).catch(() => {})
    },
  }
}

function keepLease(db: Driver, ids: readonly number[], onLost: (reason: string) => void): NodeJS.Timeout {
  let renewedAt = performance.now()
  let lost = false
  const beat = setInterval(async () => {
    const askedAt = performance.now()
    try {
      const { held } = await renewSeats(db, ids, BEAT_MS / 2)
      renewedAt = askedAt
      if (held.length < ids.length) lose('another worker was given the shard')
    } catch {
      if (performance.now() - renewedAt > LEASE_MS - BEAT_MS)
        lose('the database could not be reached for nearly a whole lease')
    }
  }, BEAT_MS)
  const lose = (reason: string) => {
    clearInterval(beat)
    if (!lost) onLost(reason)
    lost = true
  }
  return beat
}
