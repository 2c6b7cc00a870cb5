/**
 * The idle probe: how a watching worker that has nothing to do hears of a new task without looking in full.
 *
 * One small question is answered many times a second: by the server itself where it can wait, only after somebody has written
 * where that can be heard of (`write-watch.ts`), and else by asking it. And a worker is woken when its wake file changes. Only
 * when there is something that the last look has not seen does it look; what is ready and cannot be claimed, blocked, of other
 * shards, outside a filter, is seen once. What a probe overlooks is late and never lost: every second there is a look in full, unless
 * an answer has just said that nothing at all is ready.
 */
import { BUCKETS } from '../queue/bucket.ts'
import type { Driver } from '../queue/driver.ts'
import { hasReadyBehind, type News, news, untilDue, waitForNews } from '../queue/store/news.ts'
import { wakeFile } from '../queue/wake-file.ts'
import { WakeWatch } from './wake-watch.ts'
import { WriteWatch } from './write-watch.ts'

export interface ProbeOptions {
  readonly db: Driver
  readonly queue: string
  readonly buckets: readonly number[]
  readonly installation: string
  /** How many tasks the worker has claimed so far. */
  readonly claims: () => number
  /** Ask, and so far apart, whatever else there would be to hear by; infinite for none but after a wake-up. */
  readonly probeMs?: number | undefined
}

export interface ProbeEvents {
  /** There may be something to claim; `isDue`: scheduled tasks have to be made ready first. */
  onNews(isDue: boolean): void
  /** Nothing of the queue is ready, and nothing scheduled is due. */
  onNothing(): void
}

/** Half of it is what a task waits on average that nobody tells of. */
const PROBE_MS = 42
/** Where the server looks for us, which costs us nothing, it looks so often, and answers after so many looks at the latest. */
const WAIT_EVERY_MS = 34
const WAIT_TURNS = 14
/** What wake-ups cause is at least so far apart, and farther when nothing comes of it. */
const SHORTEST_GAP_MS = 4
/** After a question that took long, nothing is asked for so many times as long: it is never much of anybody's time. */
const TIMES_AS_LONG = 9
/** A full look comes by then. */
const LONGEST_REST_MS = 1_000

type Finding = 'nothing' | 'something' | 'due'

export class IdleProbe {
  readonly #options: ProbeOptions
  readonly #probeMs: number
  readonly #events: ProbeEvents
  readonly #wakeWatch: WakeWatch
  readonly #writeWatch: WriteWatch | undefined
  #isOn = false
  /** The server may do the asking for us. */
  #mayWait: boolean
  #isWaiting = false
  /** Instead of asking in between. */
  #hearsWrites = false
  #timer: NodeJS.Timeout | undefined
  #isAsking = false
  #wasWoken = false
  /** By somebody who says that it is about this queue. */
  #wasTold = false
  /** When it last asked, or made the worker look. */
  #actedAt = Number.NEGATIVE_INFINITY
  #gapMs = SHORTEST_GAP_MS
  #claimsAtWake = 0
  #seen: News | undefined

  constructor(options: ProbeOptions, events: ProbeEvents) {
    this.#options = options
    this.#probeMs = options.probeMs ?? PROBE_MS
    this.#events = events
    this.#mayWait = options.probeMs === undefined
    this.#wakeWatch = new WakeWatch(wakeFile(options.installation, options.queue), () => this.#wake(true))
    const { writes } = options.db
    if (options.probeMs === undefined && writes !== undefined)
      this.#writeWatch = new WriteWatch(writes, () => this.#wake(false))
  }

  /** To be called whenever something has happened. @param isIdle  nothing is known to claim, and a slot is free */
  set(isIdle: boolean): void {
    if (isIdle) this.#wakeWatch.keep()
    if (isIdle === this.#isOn) return
    this.#isOn = isIdle
    this.#wasWoken = false
    this.#wasTold = false
    if (isIdle) {
      this.#hearsWrites = this.#writeWatch?.begin() === true
      this.#actAfter(this.#firstAfterMs)
    } else {
      this.#writeWatch?.pause()
      clearTimeout(this.#timer)
    }
  }

  end(): void {
    this.set(false)
    this.#wakeWatch.end()
    this.#writeWatch?.end()
  }

  /** What was just claimed is started first. And while the server waits for us, it knows what we would ask. */
  get #firstAfterMs(): number {
    if (this.#probeMs === Number.POSITIVE_INFINITY) return this.#probeMs
    return this.#isWaiting ? LONGEST_REST_MS : SHORTEST_GAP_MS
  }

  /** Of many wake-ups in a row, of which nothing comes, few have an effect. */
  #wake(isTold: boolean): void {
    if (!this.#isOn) return
    this.#wasTold ||= isTold
    if (this.#wasWoken) return
    this.#wasWoken = true
    const claims = this.#options.claims()
    this.#gapMs = claims === this.#claimsAtWake ? Math.min(PROBE_MS, this.#gapMs * 2) : SHORTEST_GAP_MS
    this.#claimsAtWake = claims
    if (!this.#isAsking) this.#actAfter(this.#actedAt + this.#gapMs - performance.now())
  }

  #actAfter(ms: number): void {
    clearTimeout(this.#timer)
    if (ms <= 0) this.#act()
    else if (ms < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#act(), ms)
  }

  /** Whoever has every bucket, and knows that nothing was ready, need not ask what it is woken for. */
  #act(): void {
    if (this.#isAsking) return
    this.#actedAt = performance.now()
    const isOurs = this.#wasTold && this.#hasAllBuckets && this.#seen?.isReady === false
    this.#wasWoken = false
    this.#wasTold = false
    if (!isOurs) return void this.#ask()
    this.#actAfter(this.#probeMs)
    this.#events.onNews(false)
  }

  async #heed(answer: News): Promise<void> {
    this.#actedAt = performance.now()
    await this.#ask(answer)
  }

  /** @param known  the answer, where it is there already */
  async #ask(known?: News): Promise<void> {
    this.#isAsking = true
    const answer = await this.#find(known).catch(() => undefined) // whoever claims says that the database is away
    this.#isAsking = false
    if (!this.#isOn) return // what nobody heeds has not been seen
    this.#seen = answer?.news ?? this.#seen
    const tookMs = performance.now() - this.#actedAt
    const betweenMs = answer?.dueInMs ?? (this.#canWait ? LONGEST_REST_MS : this.#probeMs)
    const restMs = answer === undefined ? LONGEST_REST_MS : Math.min(LONGEST_REST_MS, tookMs * TIMES_AS_LONG)
    this.#actAfter(this.#wasWoken ? Math.max(1, this.#gapMs - tookMs) : Math.max(betweenMs, restMs))
    if (answer?.news.isReady === false && !answer.news.isDue) this.#events.onNothing()
    if (answer?.finding === 'nothing' && this.#canWait) void this.#wait(answer.news)
    if (answer !== undefined && answer.finding !== 'nothing') this.#events.onNews(answer.finding === 'due')
  }

  /** An answer is as good as one that was asked for, also when it was under way while we had something to do. */
  async #wait(known: News): Promise<void> {
    if (this.#isWaiting) return
    this.#isWaiting = true
    const { db, queue } = this.#options
    const answer = await waitForNews(db, queue, known, WAIT_EVERY_MS, WAIT_TURNS).catch(() => 'unknown' as const)
    this.#isWaiting = false
    this.#mayWait = answer !== undefined
    this.#gapMs = SHORTEST_GAP_MS
    if (answer === undefined || answer === 'unknown') this.#wake(false)
    else if (this.#isOn && !this.#isAsking) void this.#heed(answer)
  }

  /** With writes heard of, time alone brings something new when a scheduled task is due. */
  async #find(known: News | undefined) {
    const { db, queue } = this.#options
    const now = known ?? (await news(db, queue))
    const finding = await this.#judge(now, this.#seen)
    const dueInMs = this.#hearsWrites ? Math.min((await untilDue(db)) ?? LONGEST_REST_MS, LONGEST_REST_MS) : undefined
    return { news: now, finding, dueInMs }
  }

  async #judge(now: News, before: News | undefined): Promise<Finding> {
    const { db, queue, buckets } = this.#options
    if (now.isDue) return 'due'
    if (!now.isReady) return 'nothing'
    if (before === undefined || (!before.isReady && this.#hasAllBuckets)) return 'something'
    if (now.newestId <= before.newestId) return before.isReady ? 'nothing' : 'something'
    return (await hasReadyBehind(db, queue, buckets, before.newestId)) ? 'something' : 'nothing'
  }

  get #canWait(): boolean {
    return this.#mayWait && this.#options.db.dialect.waitUntil !== undefined
  }

  get #hasAllBuckets(): boolean {
    return this.#options.buckets.length === BUCKETS
  }
}
