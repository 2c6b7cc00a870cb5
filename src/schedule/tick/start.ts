/**
 * Starting what was decided, so that a death at any moment loses nothing and doubles nothing.
 *
 * A run of a command, or the tasks that a job adds, stand in the database together with their slot, or not at all. Workers
 * cannot be written with a slot: it is `starting` until they have been launched, and they confirm it themselves.
 */
import { again } from '../../queue/again.ts'
import type { Driver, Executor } from '../../queue/driver.ts'
import { addMany } from '../../queue/store/add.ts'
import { cancelRuns, insertRun } from '../../queue/store/exec-run.ts'
import type { OpenSlot } from '../../queue/store/read-slot.ts'
import type { ProcessIdentity } from '../../queue/store/seat.ts'
import {
  changeSlot,
  type Decided,
  insertSlot,
  insertSlots,
  ownSlots,
  type SlotKey,
  takeSlot,
} from '../../queue/store/slot.ts'
import type { PlannedJob } from '../language/plan.ts'
import type { Decision, Deed } from './decide.ts'
import { runRow } from './exec-run.ts'

/** A slot that was decided. */
export interface Choice {
  readonly job: PlannedJob
  readonly key: SlotKey
  readonly lateMs: number
  readonly decision: Decision
  /** The row that it has already, when it was open. */
  readonly open?: OpenSlot | undefined
}

export type Start = Choice & { readonly decision: Extract<Decision, { kind: 'start' }> }

const PATIENCE_MS = 10_000

/**
 * Writes what was decided. What needs no process is done then.
 *
 * @returns the starts that are this process's to carry out, or were carried out by being written
 */
export async function record(db: Driver, choices: readonly Choice[], self: ProcessIdentity): Promise<Start[]> {
  const fresh = choices.filter(({ open }) => open === undefined)
  const starts = fresh.filter(isStart)
  const withWorkers = starts.filter(({ decision }) => decision.deed.kind === 'workers')
  const rest = fresh.filter((choice) => !isStart(choice))
  await patiently(db, () => insertSlots(db, db.dialect, [...rest, ...withWorkers].map(rowOf), self))
  const own = withWorkers.length === 0 ? [] : await patiently(db, () => ownSlots(db, withWorkers.map(keyOf), self))
  const done: Start[] = withWorkers.filter(({ key }) => own.some((one) => isSame(one, key)))
  for (const start of starts) if (await isWritten(db, start, self)) done.push(start)
  for (const choice of choices.filter(({ open }) => open !== undefined)) {
    if ((await isChanged(db, choice, self)) && isStart(choice)) done.push(choice)
  }
  return done
}

/** Workers were launched, or could not be. */
export async function conclude(db: Driver, slot: Decided, self: ProcessIdentity): Promise<void> {
  await patiently(db, () => changeSlot(db, db.dialect, slot, 'starting', self))
}

export function isStart(choice: Choice): choice is Start {
  return choice.decision.kind === 'start'
}

async function isWritten(db: Driver, { job, key, decision }: Start, self: ProcessIdentity): Promise<boolean> {
  const { deed, reason } = decision
  if (deed.kind === 'workers') return false
  return inOne(db, async (tx) => {
    const verdict = deed.kind === 'run' ? 'started' : 'enqueued'
    const row: Decided = { ...key, verdict, reason, isOpen: deed.kind === 'run' }
    if (!(await insertSlot(tx, db.dialect, row, self))) return false
    const taskId = await perform(tx, db, job, key, deed)
    if (taskId !== undefined) await changeSlot(tx, db.dialect, { ...row, taskId }, verdict, self)
    return true
  })
}

/** An open slot goes on from where it stands, when it stands there still. */
async function isChanged(db: Driver, choice: Choice, self: ProcessIdentity): Promise<boolean> {
  const { job, key, decision, open } = choice
  if (open === undefined) return false
  const { verdict, owner } = open
  if (decision.kind !== 'start') {
    const isAsBefore = decision.kind === 'wait' && open.verdict === 'waiting' && open.cause === decision.cause
    return isAsBefore || patiently(db, () => changeSlot(db, db.dialect, rowOf(choice), verdict, owner))
  }
  const { deed, reason } = decision
  if (deed.kind === 'workers') {
    return patiently(db, () => takeSlot(db, db.dialect, key, { verdict, owner }, reason, self))
  }
  return inOne(db, async (tx) => {
    const taken = { ...key, verdict: deed.kind === 'run' ? 'started' : 'enqueued', reason, isOpen: true } as const
    if (!(await changeSlot(tx, db.dialect, taken, verdict, owner))) return false
    const taskId = await perform(tx, db, job, key, deed)
    await changeSlot(tx, db.dialect, { ...taken, taskId, isOpen: deed.kind === 'run' }, taken.verdict, owner)
    return true
  })
}

async function perform(
  tx: Executor,
  db: Driver,
  job: PlannedJob,
  { slotAt }: SlotKey,
  deed: Exclude<Deed, { kind: 'workers' }>,
): Promise<number | undefined> {
  if (deed.kind === 'tasks') {
    await addMany(tx, db.dialect, deed.rows)
    return undefined
  }
  if (deed.replaces) await cancelRuns(tx, db.dialect, job.id)
  const { timeoutMs = job.timeoutMs } = deed
  return insertRun(tx, db.dialect, runRow(timeoutMs === undefined ? job : { ...job, timeoutMs }, slotAt))
}

/** When the answer to a commit is lost, the next try finds the slot taken: what it started then waits for the next tick. */
function inOne(db: Driver, work: (tx: Executor) => Promise<boolean>): Promise<boolean> {
  return patiently(db, () => db.transaction(work))
}

function patiently<T>(db: Driver, work: () => Promise<T>): Promise<T> {
  return again(db.dialect, { forMs: PATIENCE_MS }, work)
}

function rowOf({ key, decision }: Choice): Decided {
  switch (decision.kind) {
    case 'no':
      return { ...key, verdict: decision.verdict, reason: decision.reason, isOpen: false }
    case 'wait':
      return { ...key, verdict: 'waiting', cause: decision.cause, reason: decision.reason, isOpen: true }
    case 'start':
      return { ...key, verdict: 'starting', reason: decision.reason, isOpen: true }
  }
}

function keyOf({ key }: Choice): SlotKey {
  return key
}

function isSame(a: SlotKey, b: SlotKey): boolean {
  return a.job === b.job && a.slotAt === b.slotAt && a.place === b.place
}
