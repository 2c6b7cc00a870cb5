/**
 * A tick: one minute of the schedule, on one database.
 *
 * First what earlier ticks left open, then what is due: the slots of this minute, and those that nobody decided since the
 * last tick. Every slot is decided before anything is started, and stands in the ledger with its reason. Whoever inserts a
 * slot's row owns it, so any number of ticks, on any number of hosts, start a job once. When all are in the ledger the tick
 * says so; only then are processes started. A tick may die between any two of these steps: the next one goes on.
 */
import type { Driver } from '../../queue/driver.ts'
import { execQueue, slotText } from '../../queue/exec-queue.ts'
import { promote } from '../../queue/store/promote.ts'
import { type OpenSlot, openSlots } from '../../queue/store/read-slot.ts'
import { closeSlot } from '../../queue/store/slot.ts'
import type { RunEnding } from '../incident/incident.ts'
import { alwaysEndings } from '../incident/restless.ts'
import { settleIncidents } from '../incident/settle-incidents.ts'
import type { JobFunctions } from '../language/functions.ts'
import { mayStartOn } from '../language/job-hosts.ts'
import type { PlannedJob } from '../language/plan.ts'
import { askToLeave } from '../stop/drain-workers.ts'
import { keepAlways } from './always.ts'
import { asker } from './ask-job.ts'
import { type Candidate, candidate, newSlots, reopened } from './candidates.ts'
import { type CarryOutOptions, carryOut, couldNotStart, runCommands } from './carry-out.ts'
import { type Circumstances, decide } from './decide.ts'
import { endingsOf, notStarted, type Told } from './endings.ts'
import { Facts } from './facts.ts'
import { History } from './history.ts'
import type { Launched } from './launch.ts'
import { lookBack } from './look-back.ts'
import { type EndedRun, settleAll } from './reopen.ts'
import { type Choice, isStart, record, type Start } from './start.ts'
import { endPauses, tidy } from './tidy.ts'

export interface TickOptions extends Omit<CarryOutOptions, 'awaited' | 'recordedAt'> {
  /** UTC milliseconds of a whole minute, taken when the command began. */
  readonly minute: number
  /** The minute is now, and not one that somebody named. */
  readonly isNow: boolean
  /** Tells one content of the schedule from another. */
  readonly hash: string
  /** Undefined where the schedule does not load. */
  readonly functions: JobFunctions | undefined
  /** Where stops are recorded, when that is not only in this database. */
  readonly stopsIn?: Driver | undefined
  /** Jobs that the schedule has and that cannot be read: nothing of them is closed. */
  readonly unreadable: readonly string[]
}

export interface TickReport {
  readonly started: readonly Launched[]
  /** What a person should know, a sentence each. */
  readonly troubles: readonly string[]
  /** Runs of commands that have ended, and were not known to have. */
  readonly ended: readonly EndedRun[]
  /** What was decided and is no start. */
  readonly choices: readonly Choice[]
  /** Which was decided: an earlier one than was given, where this host's clock is ahead. UTC milliseconds. */
  readonly minute: number
  /** How many slots were due. */
  readonly due: number
}

const PROMOTE_LIMIT = 1_000
const PROMOTE_PATIENCE_MS = 20_000
/** Starts of slots that are late, in one tick; the others wait for the next. */
const MOST_LATE_STARTS = 5

/** @param jobs  all jobs of the schedule whose ledger is in this database */
export async function tick(db: Driver, jobs: readonly PlannedJob[], given: TickOptions): Promise<TickReport> {
  const { isNow, hash, self, functions } = given
  const { host } = self
  const here = jobs.filter((job) => mayStartOn(job, host))
  const history = await History.read(db, jobs, { minute: given.minute, host, hash, isNow })
  const { minute } = history
  const options = { ...given, minute }
  const carry = { ...options, awaited: new Set(jobs.flatMap(({ after }) => after?.job ?? [])), recordedAt: Date.now() }
  const facts = new Facts(db, host, options.stopsIn)
  const around = circumstances(db, facts, functions, host, isNow ? Math.min(Date.now(), history.now) : minute)
  await history.forgetFuture(db)
  await endPauses(db)
  const open = await openSlots(db)
  const ended = await settleAll(db, open, jobs, options, facts, history.isShared)

  const candidates = [...(await newSlots(db, here, history, options)), ...(await reopened(db, open, here, options))]
  if (candidates.length > 0 || open.some(({ task }) => task?.isDue)) await promoteDue(db)
  const choices = await decideAll(candidates, around)
  const starts = await record(db, choices, self)
  await history.write(db)

  for (const { job, decision } of choices) {
    if (decision.kind === 'wait' && decision.leave !== undefined) await askToLeave(db, job.id, decision.leave)
  }
  for (const reason of history.problems) options.log.event('clock', { reason })
  logDecisions(choices, options)
  const workers = await carryOut(db, starts, carry)
  const runs = starts.filter(({ decision }) => decision.deed.kind === 'run')
  const commands = await runCommands(await unattended(here, runs, open, facts), runs, carry)
  const always = here.filter((job) => job.always)
  const kept = await keepAlways(db, always, { ...carry, place: '', around })
  const unlaunched = [...workers.unlaunched, ...commands.unlaunched, ...kept.unlaunched]
  const decided = [...choices.filter((choice) => !isStart(choice)), ...starts]
  const held = open.filter(({ task }) => task?.status === 'held')
  const told = { ended, held, choices: decided, unlaunched }
  const ofAlways = await alwaysEndings(db, always, kept.complete, minute)
  const untold = await tell(db, jobs, told, ofAlways, options, history.now)
  await tidy(db, minute)
  return {
    started: [...workers.started, ...commands.started, ...kept.started],
    troubles: [
      ...history.problems,
      ...troubled(decided),
      ...unlaunched.map(couldNotStart),
      ...kept.troubles,
      ...untold,
    ],
    ended,
    choices,
    minute,
    due: candidates.length,
  }
}

/** What a tick would decide for a minute, without doing it. */
export async function preview(
  db: Driver,
  jobs: readonly PlannedJob[],
  { minute, functions, self }: Pick<TickOptions, 'minute' | 'functions' | 'self'>,
): Promise<Choice[]> {
  const { host } = self
  const here = jobs.filter((job) => mayStartOn(job, host))
  const facts = new Facts(db, host)
  const alone = { minute, decidedUntil: undefined, knownSince: undefined, host }
  const candidates = here.flatMap((job) =>
    (job.always ? [{ slotAt: minute, lateMs: 0 }] : lookBack(job, alone).due).map((slot) => candidate(job, slot, host)),
  )
  return decideAll(candidates, circumstances(db, facts, functions, host, minute))
}

/** @param now  UTC milliseconds */
export function circumstances(
  db: Driver,
  facts: Facts,
  functions: JobFunctions | undefined,
  host: string,
  now = Date.now(),
): Circumstances {
  return { facts, ask: asker(db, facts, functions, { now, host }), now, latestMs: db.dialect.latestMs }
}

async function decideAll(candidates: readonly Candidate[], around: Circumstances): Promise<Choice[]> {
  const choices: Choice[] = []
  let late = 0
  for (const one of candidates.toSorted((a, b) => a.key.slotAt - b.key.slotAt)) {
    const { job, key, lateMs } = one
    let decision = one.decision ?? (await decide(job, { slotAt: key.slotAt, lateMs }, around))
    if (decision.kind === 'start' && lateMs > 0 && ++late > MOST_LATE_STARTS) {
      decision = { kind: 'wait', cause: 'catch-up', reason: `${MOST_LATE_STARTS} late slots are started in a minute` }
    }
    choices.push({ ...one, decision })
  }
  return choices
}

/** The jobs with runs to be begun that no worker is there for. */
async function unattended(
  jobs: readonly PlannedJob[],
  runs: readonly Start[],
  open: readonly OpenSlot[],
  facts: Facts,
): Promise<PlannedJob[]> {
  const ready = open.filter(({ task }) => task?.status === 'ready' || task?.isDue)
  const wanted = jobs.filter(({ id }) => runs.some(({ job }) => job.id === id) || ready.some((slot) => slot.job === id))
  const lonely: PlannedJob[] = []
  for (const job of wanted) if ((await facts.holders(execQueue(job.id))).length === 0) lonely.push(job)
  return lonely
}

function logDecisions(choices: readonly Choice[], { log }: TickOptions): void {
  for (const { job, key, decision, open } of choices) {
    const facts = { job: job.id, slot: slotText(key.slotAt) }
    if (decision.kind === 'wait' && open?.verdict !== 'waiting') {
      log.event('job-waiting', { ...facts, for: decision.cause, reason: decision.reason })
    }
    if (decision.kind !== 'no') continue
    const event = decision.verdict === 'missed' ? 'job-missed' : decision.trouble ? 'job-failed' : 'job-skipped'
    log.event(event, { ...facts, verdict: decision.verdict, reason: decision.reason })
  }
}

/** Tells those who want to hear of it. @returns what could not be told, a sentence each */
async function tell(
  db: Driver,
  jobs: readonly PlannedJob[],
  told: Told,
  ofAlways: readonly RunEnding[],
  { self, launcher }: TickOptions,
  now: number,
): Promise<readonly string[]> {
  if (!jobs.some(({ notify }) => notify !== undefined)) return []
  const { directory, environment } = launcher
  const context = { host: self.host, now, directory, environment }
  const { problems } = await settleIncidents(db, [...endingsOf(told), ...ofAlways], jobs, context)
  for (const { slot } of told.ended) await closeSlot(db, slot)
  return problems
}

function troubled(choices: readonly Choice[]): string[] {
  return choices.flatMap(({ job, decision }) =>
    decision.kind === 'no' && decision.trouble ? [notStarted(job, decision.reason)] : [],
  )
}

/** What was scheduled for a time that has come is ready: only then it is known whether a queue has work. */
export async function promoteDue(db: Driver): Promise<void> {
  while ((await promote(db, PROMOTE_LIMIT, PROMOTE_PATIENCE_MS)) === PROMOTE_LIMIT);
}
