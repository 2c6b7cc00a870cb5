/**
 * The lease of a worker: as long as it is renewed, nobody else runs what this worker has claimed.
 *
 * A renewal counts from before it was asked for, on clocks of this host, and a watchdog that depends on no query looks how
 * old the last one is. It speaks up so early that programs can be asked to end and be dead before the lease is over. A
 * process that was frozen, on a machine that may have slept, learns that on waking, before it does anything else.
 */
import type { Driver } from '../queue/driver.ts'
import type { LeaveHow } from '../queue/leave-how.ts'
import { BEAT_MS, LEASE_MS, type Renewal, renewSeats } from '../queue/store/seat.ts'
import { formatDuration } from '../time/duration.ts'
import { ageOf, type Moment, moment } from '../time/moment.ts'

export interface LeaseEvents {
  /** How long programs that are asked to end may take; a cut-off gives them less when the lease does. */
  readonly graceMs: number
  /** Renewed: it lasts until then, in UTC milliseconds. */
  onRenewed(until: number): void
  /** The lease could not be renewed: what runs must be dead in `withinMs`, and nothing may be started. */
  onCutOff(reason: string, withinMs: number): void
  /** Renewed after a cut-off, and every seat is still ours. */
  onBack(): void
  /** A seat was given to another. Said once; nothing is renewed any more. */
  onLost(reason: string): void
  /** Somebody asked this worker to leave. Said once for each way of leaving. */
  onAsked(how: LeaveHow): void
}

/** Of a lease, in the proportions of its length. */
interface Times {
  readonly leaseMs: number
  readonly beatMs: number
  /** After a beat that failed. */
  readonly retryMs: number
  /** How often the watchdog looks. */
  readonly watchMs: number
  /** What was asked to end is dead this long before the lease is over. */
  readonly marginMs: number
}

const RETRY_MS = 2_000
const WATCH_MS = 1_000
const MARGIN_MS = 5_000
/** How old the lease is, is looked at again after so long. */
const AGE_GOOD_FOR_MS = 10

export class Lease {
  readonly #db: Driver
  readonly #workerIds: readonly number[]
  readonly #times: Times
  #renewedAt: Moment
  #events: LeaseEvents | undefined
  #state: 'held' | 'cut off' | 'lost' = 'held'
  #asked: LeaveHow | undefined
  #lastError = ''
  #beat: NodeJS.Timeout | undefined
  #watchdog: NodeJS.Timeout | undefined
  #agedAt = Number.NEGATIVE_INFINITY
  #wasYoung = false

  /**
   * @param since  a moment before the seats were taken
   * @param leaseMs  what `renewSeats` grants, or less; the other times follow it
   */
  constructor(db: Driver, workerIds: readonly number[], since: Moment, leaseMs = LEASE_MS) {
    this.#db = db
    this.#workerIds = workerIds
    this.#renewedAt = since
    this.#times = timesOf(leaseMs)
  }

  /** Whether something may be claimed or started now. */
  get isHeld(): boolean {
    if (this.#state !== 'held') return false
    // Before every start, and the time since the boot is read from a file.
    const now = performance.now()
    if (now - this.#agedAt < AGE_GOOD_FOR_MS) return this.#wasYoung
    this.#agedAt = now
    this.#wasYoung = ageOf(this.#renewedAt) < this.#cutOffAfterMs
    return this.#wasYoung
  }

  /** Begins to renew and to watch. */
  keep(events: LeaseEvents): void {
    this.#events = events
    this.#watchdog = setInterval(() => this.#watch(), this.#times.watchMs)
    this.#beatAfter(this.#times.beatMs - ageOf(this.#renewedAt))
  }

  /** Nothing is renewed, watched or said any more. */
  end(): void {
    this.#events = undefined
    clearTimeout(this.#beat)
    clearInterval(this.#watchdog)
  }

  get #cutOffAfterMs(): number {
    const { leaseMs, beatMs, marginMs } = this.#times
    return Math.max(2 * beatMs, leaseMs - marginMs - (this.#events?.graceMs ?? 0))
  }

  #watch(): void {
    if (this.#state !== 'held' || this.isHeld) return
    this.#state = 'cut off'
    const { leaseMs, marginMs } = this.#times
    const age = ageOf(this.#renewedAt)
    const reason = `not renewed for ${formatDuration(Math.round(age / 1_000) * 1_000)}${this.#lastError}`
    this.#events?.onCutOff(reason, Math.max(0, leaseMs - marginMs - age))
  }

  /** Looks now whether somebody asked for something. */
  look(): void {
    if (this.#events !== undefined) this.#beatAfter(0)
  }

  #beatAfter(ms: number): void {
    clearTimeout(this.#beat)
    this.#beat = setTimeout(() => void this.#renew(), Math.max(0, ms))
  }

  async #renew(): Promise<void> {
    const askedAt = moment()
    let renewal: Renewal
    try {
      renewal = await renewSeats(this.#db, this.#workerIds, 0)
    } catch (error) {
      this.#lastError = `: ${(error as Error).message}`
      if (this.#events !== undefined) this.#beatAfter(this.#times.retryMs)
      return
    }
    if (this.#events === undefined) return
    if (renewal.held.length < this.#workerIds.length) return this.#lose('another worker was given the shard')
    this.#renewed(askedAt)
    if (renewal.leave !== undefined && renewal.leave !== this.#asked) this.#leave(renewal.leave)
  }

  /** An answer that took very long renews too little to go on with: then the next beat is due at once. */
  #renewed(askedAt: Moment): void {
    this.#renewedAt = askedAt
    this.#agedAt = Number.NEGATIVE_INFINITY
    this.#lastError = ''
    this.#events?.onRenewed(Date.now() - ageOf(askedAt) + this.#times.leaseMs)
    this.#beatAfter(this.#times.beatMs - ageOf(askedAt))
    if (this.#state !== 'cut off' || ageOf(askedAt) >= this.#cutOffAfterMs) return
    this.#state = 'held'
    this.#events?.onBack()
  }

  #lose(reason: string): void {
    this.#state = 'lost'
    const events = this.#events
    this.end()
    events?.onLost(reason)
  }

  #leave(how: LeaveHow): void {
    this.#asked = how
    this.#events?.onAsked(how)
  }
}

function timesOf(leaseMs: number): Times {
  const scaled = (ms: number) => (ms * leaseMs) / LEASE_MS
  return {
    leaseMs,
    beatMs: scaled(BEAT_MS),
    retryMs: scaled(RETRY_MS),
    watchMs: scaled(WATCH_MS),
    marginMs: scaled(MARGIN_MS),
  }
}
