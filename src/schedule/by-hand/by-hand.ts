/**
 * A start that a person asked for, whenever the job is due: decided as every slot is, and noted in the ledger at a place of its
 * own, so it neither takes the place of a slot that is due nor counts as one.
 *
 * By force everything that would keep it back is passed over but a stop: its workers would leave at once.
 */
import { Complaint, EXIT } from '../../exit.ts'
import type { Driver } from '../../queue/driver.ts'
import { execQueue } from '../../queue/exec-queue.ts'
import { slotsOf } from '../../queue/store/read-slot.ts'
import { holds, type Stop } from '../../queue/store/stop.ts'
import type { JobFunctions } from '../language/functions.ts'
import type { PlannedJob } from '../language/plan.ts'
import { type CarryOutOptions, carryOut, couldNotStart, runCommands } from '../tick/carry-out.ts'
import { type Decision, decide } from '../tick/decide.ts'
import { Facts } from '../tick/facts.ts'
import type { Launched } from '../tick/launch.ts'
import { isStart, record, type Start } from '../tick/start.ts'
import { circumstances, promoteDue } from '../tick/tick.ts'

export interface ByHandOptions extends Omit<CarryOutOptions, 'awaited'> {
  /** UTC milliseconds of a whole minute: what the job is told that it is due for. */
  readonly slotAt: number
  /** It is due for a minute that was named, not for this one. */
  readonly isNamed: boolean
  /** Who asks: `ana@web-1`. */
  readonly by: string
  readonly force: boolean
  readonly stops: readonly Stop[]
  readonly functions: JobFunctions | undefined
}

export type ByHand =
  | { readonly kind: 'refused'; readonly decision: Exclude<Decision, { kind: 'start' }> }
  | {
      readonly kind: 'started'
      readonly start: Start
      readonly launched: readonly Launched[]
      readonly taskId?: number
    }
  /** Its processes could not be started; the sentence says why. */
  | { readonly kind: 'failed'; readonly sentence: string }

const MOST_OF_ONE_MINUTE = 1_000

export async function startByHand(db: Driver, job: PlannedJob, options: ByHandOptions): Promise<ByHand> {
  const { slotAt, by, force, self, functions } = options
  const wanted = asked(job, options)
  const facts = new FactsUnder(
    db,
    self.host,
    force ? options.stops.filter(({ kind }) => kind === 'stop') : options.stops,
  )
  await promoteDue(db)
  const decision = await decide(wanted, { slotAt, lateMs: 0 }, circumstances(db, facts, functions, self.host))
  if (decision.kind !== 'start') return { kind: 'refused', decision }

  const key = { job: job.id, slotAt, place: `hand:${Date.now()}` }
  const reason = [decision.reason, `by hand by ${by}`].filter((text) => text !== '').join(', ')
  const choice = { job: wanted, key, lateMs: 0, decision: { ...decision, reason } }
  const [start] = (await record(db, [choice], self)).filter(isStart)
  if (start === undefined) {
    throw new Complaint(
      EXIT.busy,
      `Somebody else started the job "${job.id}" in this very moment. See "cron-mission list", then give the command again.`,
    )
  }
  const carry = { ...options, awaited: new Set<string>() }
  const workers = await carryOut(db, [start], carry)
  // A run that waits behind another one is run by that one's worker.
  const needsWorker = decision.deed.kind === 'run' && (await facts.holders(execQueue(job.id))).length === 0
  const commands = await runCommands(needsWorker ? [wanted] : [], [start], carry)
  const [failure] = [...workers.unlaunched, ...commands.unlaunched]
  if (failure !== undefined) return { kind: 'failed', sentence: couldNotStart(failure) }
  const rows = await slotsOf(db, { job: job.id, from: slotAt, to: slotAt }, MOST_OF_ONE_MINUTE)
  const taskId = rows.find(({ place }) => place === key.place)?.taskId
  const launched = [...workers.started, ...commands.started]
  return { kind: 'started', start, launched, ...(taskId === undefined ? {} : { taskId }) }
}

/** The job as it is to be run now. A time of the day at which it ends says nothing about a slot of another day. */
function asked(job: PlannedJob, { force, isNamed }: ByHandOptions): PlannedJob {
  const { stopAt, paused, maxLoad, ...free } = job
  if (force) return { ...free, onlyIf: false, overlap: 'allow' }
  const dated: PlannedJob = {
    ...free,
    ...(paused === undefined ? {} : { paused }),
    ...(maxLoad === undefined ? {} : { maxLoad }),
    ...(stopAt === undefined || isNamed ? {} : { stopAt }),
  }
  return job.work.kind === 'queue' && job.overlap === 'replace' ? { ...dated, overlap: 'skip' } : dated
}

/** The stops of the whole project hold also for a job whose ledger is in a database of its own. */
export class FactsUnder extends Facts {
  readonly #host: string
  readonly #stops: readonly Stop[]

  constructor(db: Driver, host: string, stops: readonly Stop[]) {
    super(db, host)
    this.#host = host
    this.#stops = stops
  }

  override async stop(job: string): Promise<Stop | undefined> {
    return this.#stops.find((one) => holds(one, job, this.#host))
  }
}
