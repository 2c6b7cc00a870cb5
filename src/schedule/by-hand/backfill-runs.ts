/**
 * The loop of a backfill: never more runs at once than were asked for, the next one as soon as there is room.
 *
 * One worker works the rows; when it has left, because nothing was ready for a moment, another one is started. So where runs are
 * short a few rows more are begun than may run. Nothing is lost by a backfill that is killed: its worker goes on with what was
 * begun, and so does the next tick.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { again } from '../../queue/again.ts'
import type { Driver } from '../../queue/driver.ts'
import { slotText } from '../../queue/exec-queue.ts'
import { isFinal } from '../../queue/status.ts'
import { type OpenSlot, openSlots, slotsOf } from '../../queue/store/read-slot.ts'
import type { Stop } from '../../queue/store/stop.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { CarryOutOptions } from '../tick/carry-out.ts'
import { type Exit, exitWords } from '../tick/exit-words.ts'
import { isOfCommand } from '../tick/launch.ts'
import { settle } from '../tick/reopen.ts'
import { type BackfillPlan, type BeginOptions, type Begun, begin, isBackfilled } from './backfill.ts'
import { RunWorker } from './run-worker.ts'

export interface BackfillOptions extends Omit<CarryOutOptions, 'awaited'>, Pick<BeginOptions, 'functions' | 'by'> {
  readonly atOnce: number
  /** What keeps jobs from being started, asked again and again. */
  readonly stops: () => Promise<readonly Stop[]>
  /** Begins nothing more. */
  readonly drain: AbortSignal
  /** Does not wait for what runs. */
  readonly leave: AbortSignal
  readonly onProgress: (state: BackfillState) => void
}

export interface BackfillState {
  readonly done: number
  /** Their `onlyIf` said no. */
  readonly skipped: number
  /** Somebody else began them meanwhile. */
  readonly taken: number
  readonly failed: readonly FailedSlot[]
  readonly running: number
  /** Not begun. */
  readonly left: number
  /** Why nothing is begun for now. */
  readonly waitsFor: string | undefined
}

export interface FailedSlot {
  readonly slotAt: number
  readonly taskId: number | undefined
  readonly reason: string
}

const LOOK_MS = 150
const PATIENCE_MS = 60_000
const PRESSURE_MS = 5_000
/** How often a worker is looked for where something runs. */
const RESCUE_MS = 2_000
/** How much work may be begun ahead. */
const AHEAD_MS = 3_000
const MOST_AHEAD = 20
/** A slot has one row for each host at most, and those that people asked for. */
const MOST_PLACES = 1_000

/** Runs what the plan has to be run, and waits for what is under way already. */
export async function runBackfill(
  db: Driver,
  job: PlannedJob,
  plan: BackfillPlan,
  options: BackfillOptions,
): Promise<BackfillState> {
  return new BackfillRuns(db, job, plan, options).run()
}

class BackfillRuns {
  readonly #db: Driver
  readonly #job: PlannedJob
  readonly #options: BackfillOptions
  readonly #todo: number[]
  /** What was begun and has not ended, by slot. */
  readonly #running = new Map<number, number>()
  readonly #failed: FailedSlot[] = []
  /** Undefined where nothing is to be run but tasks are added. */
  readonly #worker: RunWorker | undefined
  #done = 0
  #skipped = 0
  #taken = 0
  #waitsFor: string | undefined
  #notBefore = 0
  #rescueAt = 0
  /** How long the last run took. */
  #tookMs = Number.POSITIVE_INFINITY

  constructor(db: Driver, job: PlannedJob, plan: BackfillPlan, options: BackfillOptions) {
    this.#db = db
    this.#job = job
    this.#options = options
    this.#todo = [...plan.slots]
    for (const { slotAt, taskId } of plan.underWay) this.#running.set(slotAt, taskId)
    this.#worker = isOfCommand(job) ? new RunWorker(db, job, options) : undefined
  }

  async run(): Promise<BackfillState> {
    const { drain, leave, onProgress } = this.#options
    for (;;) {
      if (!drain.aborted) await this.#fill()
      if (this.#running.size > 0) await this.#look()
      onProgress(this.#state())
      const isOver = this.#running.size === 0 && (this.#todo.length === 0 || drain.aborted)
      if (isOver || leave.aborted) return this.#state()
      // Tasks that are added need nobody to end them.
      if (this.#running.size > 0 || this.#waitsFor !== undefined) await sleep(LOOK_MS)
    }
  }

  #state(): BackfillState {
    const [done, skipped, taken] = [this.#done, this.#skipped, this.#taken]
    const [running, left] = [this.#running.size, this.#todo.length]
    return { done, skipped, taken, failed: this.#failed, running, left, waitsFor: this.#waitsFor }
  }

  /** Begins slots until as many run as may. */
  async #fill(): Promise<void> {
    while (this.#running.size < this.#most() && performance.now() >= this.#notBefore) {
      const slotAt = this.#todo[0]
      if (slotAt === undefined) return
      this.#waitsFor = await this.#stranger()
      if (this.#waitsFor !== undefined) return
      const begun = await this.#begin(slotAt)
      if (begun.kind === 'no' && isPressure(begun)) {
        this.#waitsFor = begun.decision.reason
        this.#notBefore = performance.now() + PRESSURE_MS
        return
      }
      this.#todo.shift()
      this.#note(slotAt, begun)
      if (begun.kind === 'added') return
    }
  }

  /** Of short runs so many are begun ahead that the worker never finds nothing. Long ones would have to be waited for. */
  #most(): number {
    const { atOnce } = this.#options
    const ahead = ['skip', 'allow'].includes(this.#job.overlap) ? Math.floor(AHEAD_MS / this.#tookMs) : 0
    return atOnce * (1 + Math.min(MOST_AHEAD, ahead))
  }

  async #begin(slotAt: number): Promise<Begun> {
    const { functions, self, by, atOnce } = this.#options
    const stops = await again(this.#db.dialect, { forMs: PATIENCE_MS }, this.#options.stops)
    return begin(this.#db, this.#job, slotAt, { stops, functions, self, by, isSerial: atOnce === 1 })
  }

  #note(slotAt: number, begun: Begun): void {
    const { log, by } = this.#options
    if (begun.kind === 'run' || begun.kind === 'added') {
      const id = begun.kind === 'run' ? begun.taskId : undefined
      log.event('job-started', { job: this.#job.id, slot: slotText(slotAt), id, reason: `backfilled by ${by}` })
    }
    switch (begun.kind) {
      case 'run':
        this.#running.set(slotAt, begun.taskId)
        break
      case 'added':
        this.#done++
        break
      case 'taken':
        this.#taken++
        break
      case 'no':
        if (begun.decision.kind === 'no' && begun.decision.verdict === 'condition') this.#skipped++
        else this.#failed.push({ slotAt, taskId: undefined, reason: begun.decision.reason })
    }
  }

  /** A worker that somebody else started runs one command at a time: several at once are begun when it has left. */
  async #stranger(): Promise<string | undefined> {
    const holder = this.#options.atOnce === 1 ? undefined : await this.#worker?.stranger()
    return holder === undefined ? undefined : `the worker ${holder.host}:${holder.pid}, which was there before`
  }

  /** What has ended is noted; what is ready has a worker. */
  async #look(): Promise<void> {
    const open = await again(this.#db.dialect, { forMs: PATIENCE_MS }, () => openSlots(this.#db))
    let isReady = false
    let isRunning = false
    for (const [slotAt, taskId] of this.#running) {
      const slot = open.find((one) => one.taskId === taskId)
      const end = slot === undefined ? await this.#endInLedger(slotAt) : await this.#endOf(slot)
      if (end === undefined) {
        isReady ||= slot?.task?.status === 'ready' || slot?.task?.isDue === true
        isRunning ||= slot?.task?.status === 'running'
        continue
      }
      this.#running.delete(slotAt)
      this.#options.log.event('job-ended', { job: this.#job.id, slot: slotText(slotAt), id: taskId, outcome: end })
      if (end === 'done') this.#done++
      else this.#failed.push({ slotAt, taskId, reason: end })
    }
    if (isReady || (isRunning && performance.now() >= this.#rescueAt)) await this.#worker?.ensure()
    // Runs of a worker that has died are cleared up after by the next one, which may leave while they go on.
    if (isRunning && performance.now() >= this.#rescueAt) this.#rescueAt = performance.now() + RESCUE_MS
  }

  /** @returns how the run ended; undefined while it has not */
  async #endOf(slot: OpenSlot): Promise<string | undefined> {
    const { task } = slot
    if (task?.status === 'held') return 'held: its attempt vanished, and a person has to look'
    if (task?.startedAt !== undefined && task.finishedAt !== undefined) this.#tookMs = task.finishedAt - task.startedAt
    if (isBackfilled(slot)) {
      const ended = await again(this.#db.dialect, { forMs: PATIENCE_MS }, () => settle(this.#db, slot, false))
      return ended === undefined ? undefined : endText(ended)
    }
    // What somebody else began a tick closes, which tells of it whom the job says.
    return task !== undefined && isFinal(task.status) ? endText({ ...task, outcome: task.status }) : undefined
  }

  /** A tick was faster. */
  async #endInLedger(slotAt: number): Promise<string | undefined> {
    const rows = await again(this.#db.dialect, { forMs: PATIENCE_MS }, () =>
      slotsOf(this.#db, { job: this.#job.id, from: slotAt, to: slotAt }, MOST_PLACES),
    )
    const row = rows.find(({ place }) => place === '')
    if (row === undefined) return 'removed from the ledger'
    const { outcome, exitCode, exitSignal } = row
    return outcome === undefined ? undefined : endText({ outcome, exitCode, exitSignal })
  }
}

/** Something that passes, and keeps back whatever is begun now. */
function isPressure({ decision }: Extract<Begun, { kind: 'no' }>): boolean {
  return decision.kind === 'wait' || ['load', 'paused', 'stopped'].includes(decision.verdict)
}

function endText({ outcome, ...exit }: Exit & { readonly outcome: string }): string {
  return outcome === 'done' ? outcome : `${outcome}${exitWords(exit)}`
}
