/**
 * The shards this worker holds.
 */

import { isGone, ownIdentity } from '../host/identity.ts'
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import { freeSeats } from '../queue/store/free-seats.ts'
import {
  leaveSeats,
  type ProcessIdentity,
  queueHolders,
  type SeatHolder,
  type Seating,
  type SeatTerms,
  takeSeat,
} from '../queue/store/seat.ts'
import { moment } from '../time/moment.ts'
import { Lease, type LeaseEvents } from './lease.ts'

export interface Seats {
  /** The shards that are ours now, ascending. */
  readonly shards: readonly number[]
  /** The first of our rows in `worker`: what claimed rows point to. */
  readonly workerId: number
  /** Who holds the shards we asked for and did not get. */
  readonly taken: readonly SeatHolder[]
  /** A worker of the queue that goes by another rule for keys: then no shard is ours. */
  readonly otherRule: SeatHolder | undefined
  /** The lease was confirmed lately enough: asked before anything is claimed or started. */
  readonly isHeld: boolean
  /** Begins to renew the lease, and says what becomes of it. */
  keep(events: LeaseEvents): void
  /** Somebody has written into our rows: looks now instead of at the next beat. */
  look(): void
  /** Others may have our shards, while our programs run on. */
  free(): Promise<void>
  /** @param isClean  false when something is left to be cleared up: then our rows say by what terms */
  leave(isClean: boolean): Promise<void>
}

const PATIENCE_MS = 10_000

/**
 * Takes what is free of the shards asked for; `shards` is empty when others hold them all, or when a worker of the queue goes by
 * another rule for keys. That is looked for when our own rows can be seen: of two that start at once, one at least sees the other.
 */
export async function takeSeats(
  db: Driver,
  queue: string,
  total: number,
  wanted: readonly number[],
  terms: SeatTerms,
): Promise<Seats> {
  const since = moment()
  const ids: number[] = []
  const shards: number[] = []
  const taken: SeatHolder[] = []
  let otherRule: SeatHolder | undefined
  try {
    for (const shard of wanted) {
      const seating = await seat(db, { queue, total, shard }, terms)
      if (seating.kind === 'taken') {
        taken.push(seating.holder)
      } else {
        ids.push(seating.workerId)
        shards.push(shard)
      }
    }
    if (ids.length > 0) otherRule = await holderOfOtherRule(db, queue, terms)
  } catch (error) {
    await leave(db, ids)
    throw error
  }
  if (otherRule !== undefined) {
    await leave(db, ids.splice(0))
    shards.length = 0
  }
  const lease = new Lease(db, ids, since)
  return {
    shards,
    workerId: ids[0] ?? 0,
    taken,
    otherRule,
    get isHeld() {
      return lease.isHeld
    },
    keep: (events) => lease.keep(events),
    look: () => lease.look(),
    async free() {
      lease.end()
      await freeSeats(db, ids, PATIENCE_MS)
    },
    async leave(isClean) {
      lease.end()
      if (isClean) await leave(db, ids)
    },
  }
}

async function holderOfOtherRule(db: Driver, queue: string, { perKey }: SeatTerms): Promise<SeatHolder | undefined> {
  const holders = await again(db.dialect, { forMs: PATIENCE_MS }, () => queueHolders(db, queue))
  return holders.find((holder) => holder.perKey !== perKey && !holder.leaseOver && !isGone(holder))
}

/** When the answer to an earlier try was lost, the seat may be taken by ourselves. */
async function seat(db: Driver, place: Parameters<typeof takeSeat>[1], terms: SeatTerms): Promise<Seating> {
  const self = ownIdentity()
  return again(db.dialect, { forMs: PATIENCE_MS }, async (attempt) => {
    const seating = await takeSeat(db, place, self, terms, isGone)
    if (attempt === 0 || seating.kind === 'seated' || !isSame(seating.holder, self)) return seating
    return { kind: 'seated', workerId: seating.holder.workerId }
  })
}

function isSame(holder: ProcessIdentity, self: ProcessIdentity): boolean {
  return (
    holder.host === self.host &&
    holder.bootId === self.bootId &&
    holder.pid === self.pid &&
    holder.pidStart === self.pidStart
  )
}

/** When the database cannot be told, the lease ends by itself. */
async function leave(db: Driver, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await leaveSeats(db, ids, PATIENCE_MS).catch(() => {})
}
