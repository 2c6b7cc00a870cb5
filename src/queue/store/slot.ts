/**
 * The schedule's ledger: one row per job, slot and place, so that a job starts once for a minute.
 *
 * Whoever inserts the row owns the slot; the loser is silent. What needs no further deed is inserted as it was decided. What
 * is to be started is inserted as `starting`, and its owner makes it `started`; should the owner die in between, a later tick
 * takes the row over by a guarded write. The row then tells what was decided and why, which is what a person asks the morning
 * after.
 */
import type { Changed, Dialect, Driver, Executor, Value } from '../driver.ts'
import type { ProcessIdentity } from './seat.ts'
import { marks } from './sql.ts'

export const VERDICTS = [
  'starting', // its owner is about to start it
  'started', // workers, or a run of the job's command
  'enqueued', // its tasks were added
  'waiting', // for what `cause` says; a later tick decides again
  'empty', // the queue had nothing to do
  'overlap', // what it starts is still at work from before
  'paused',
  'stopped',
  'load', // the machine had too much to do
  'condition', // its `onlyIf` said no
  'blocked', // the job it comes after failed
  'missed', // nobody was there in time
  'failed', // it could not be started
] as const
export type Verdict = (typeof VERDICTS)[number]

/** Why a slot waits. */
export type Cause = 'overlap' | 'load' | 'catch-up' | 'start' | 'schedule'

export interface SlotKey {
  readonly job: string
  /** UTC milliseconds of a whole minute. */
  readonly slotAt: number
  /** Empty; a host, for a job that every host runs; `hand:<UTC ms>` for a run that a person asked for. */
  readonly place: string
}

export interface Decided extends SlotKey {
  readonly verdict: Verdict
  /** One clause; cut to what the column holds. */
  readonly reason: string
  readonly cause?: Cause | undefined
  /** The row of `queue` that a run of the job's command is. */
  readonly taskId?: number | undefined
  /** A later tick has something to do with it. */
  readonly isOpen: boolean
}

const REASON_LENGTH = 255
const ROWS_AT_ONCE = 100

/** Inserts what was decided; a slot that somebody else decided stays as it is. */
export async function insertSlots(
  db: Executor,
  dialect: Dialect,
  slots: readonly Decided[],
  self: ProcessIdentity,
): Promise<void> {
  for (let start = 0; start < slots.length; start += ROWS_AT_ONCE) {
    await insert(db, dialect, slots.slice(start, start + ROWS_AT_ONCE), self, dialect.orIgnore('job'))
  }
}

/** Inserts one, in a transaction with what it starts. @returns false when somebody else has it */
export async function insertSlot(
  tx: Executor,
  dialect: Dialect,
  slot: Decided,
  self: ProcessIdentity,
): Promise<boolean> {
  try {
    await insert(tx, dialect, [slot], self, '')
    return true
  } catch (error) {
    if (dialect.isDuplicate(error)) return false
    throw error
  }
}

/** Of the slots that were inserted to be started, those that are this process's own. */
export async function ownSlots(db: Driver, slots: readonly SlotKey[], self: ProcessIdentity): Promise<SlotKey[]> {
  const own: SlotKey[] = []
  for (let start = 0; start < slots.length; start += ROWS_AT_ONCE) {
    const batch = slots.slice(start, start + ROWS_AT_ONCE)
    const rows = await db.all<{ job: string; at: number; place: string }>(
      `SELECT job, ${db.dialect.asMs('slot_at')} AS at, place
         FROM slot
        WHERE (${batch.map(() => keyIs(db.dialect)).join(' OR ')})
          AND verdict = 'starting'
          AND host = ? AND boot_id = ? AND pid = ? AND pid_start = ?`,
      [...batch.flatMap(keyValues), self.host, self.bootId, self.pid, self.pidStart],
    )
    own.push(...rows.map(({ job, at, place }) => ({ job, slotAt: Number(at), place })))
  }
  return own
}

/** Of some slots, those that the ledger has. */
export async function knownSlots(db: Driver, slots: readonly SlotKey[]): Promise<SlotKey[]> {
  const known: SlotKey[] = []
  for (let start = 0; start < slots.length; start += ROWS_AT_ONCE) {
    const batch = slots.slice(start, start + ROWS_AT_ONCE)
    const rows = await db.all<{ job: string; at: number; place: string }>(
      `SELECT job, ${db.dialect.asMs('slot_at')} AS at, place FROM slot
        WHERE ${batch.map(() => keyIs(db.dialect)).join(' OR ')}`,
      batch.flatMap(keyValues),
    )
    known.push(...rows.map(({ job, at, place }) => ({ job, slotAt: Number(at), place })))
  }
  return known
}

/** Changes an open slot; one that was closed, or taken over by another, stays as it is. @returns whether it was changed */
export async function changeSlot(
  db: Executor,
  dialect: Dialect,
  slot: Decided,
  from: Verdict,
  owner: ProcessIdentity,
): Promise<boolean> {
  const { changed } = await db.run(
    `UPDATE slot
        SET verdict = ?, reason = ?, cause = ?, is_open = ?, task_id = COALESCE(?, task_id), mtime = ${dialect.now}
      WHERE ${keyIs(dialect)}
        AND is_open = 1 AND verdict = ?
        AND host = ? AND boot_id = ? AND pid = ? AND pid_start = ?`,
    [
      ...[slot.verdict, slot.reason.slice(0, REASON_LENGTH), slot.cause ?? null, slot.isOpen ? 1 : 0],
      ...[slot.taskId ?? null, ...keyValues(slot), from],
      ...[owner.host, owner.bootId, owner.pid, owner.pidStart],
    ],
  )
  return changed > 0
}

/**
 * Makes an open slot this process's own, `starting`.
 *
 * @param from   as it was found: the verdict and the owner must be so still
 * @returns whether it is ours
 */
export async function takeSlot(
  db: Executor,
  dialect: Dialect,
  slot: SlotKey,
  from: { readonly verdict: Verdict; readonly owner: ProcessIdentity },
  reason: string,
  self: ProcessIdentity,
): Promise<boolean> {
  const { owner } = from
  const { changed } = await db.run(
    `UPDATE slot
        SET verdict = 'starting', reason = ?, cause = NULL,
            host = ?, boot_id = ?, pid = ?, pid_start = ?, mtime = ${dialect.now}
      WHERE ${keyIs(dialect)}
        AND is_open = 1 AND verdict = ?
        AND host = ? AND boot_id = ? AND pid = ? AND pid_start = ?`,
    [
      ...[reason.slice(0, REASON_LENGTH), self.host, self.bootId, self.pid, self.pidStart],
      ...[...keyValues(slot), from.verdict, owner.host, owner.bootId, owner.pid, owner.pidStart],
    ],
  )
  return changed > 0
}

/** A worker that was started for a slot has its seats: whoever started it need not live to say so. */
export async function confirmStart(db: Driver, slot: SlotKey): Promise<void> {
  await db.run(
    `UPDATE slot SET verdict = 'started', mtime = ${db.dialect.now}
      WHERE ${keyIs(db.dialect)} AND verdict = 'starting'`,
    keyValues(slot),
  )
}

/** How what a slot started has ended. */
export interface SlotEnding {
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'unknown'
  readonly exitCode: number | null
  readonly exitSignal: string | null
  /** UTC milliseconds; null for now. */
  readonly endedAt: number | null
}

/**
 * Notes how what a slot started has ended.
 *
 * @param isOpen  a tick has to tell of it still
 * @returns true for the one who notes it
 */
export async function endSlot(db: Driver, slot: SlotKey, ending: SlotEnding, isOpen = false): Promise<boolean> {
  const endedAt = ending.endedAt === null ? db.dialect.now : db.dialect.fromMs('?')
  const { changed } = await db.run(
    `UPDATE slot
        SET is_open = ?, outcome = ?, exit_code = ?, exit_signal = ?, ended_at = ${endedAt}, mtime = ${db.dialect.now}
      WHERE ${keyIs(db.dialect)} AND is_open = 1 AND outcome IS NULL`,
    [
      ...[isOpen ? 1 : 0, ending.outcome, ending.exitCode, ending.exitSignal],
      ...(ending.endedAt === null ? [] : [ending.endedAt]),
      ...keyValues(slot),
    ],
  )
  return changed > 0
}

/** What was to be told of a slot's end has been noted. */
export async function closeSlot(db: Driver, slot: SlotKey): Promise<void> {
  await db.run(`UPDATE slot SET is_open = 0 WHERE ${keyIs(db.dialect)} AND outcome IS NOT NULL`, keyValues(slot))
}

function insert(
  db: Executor,
  dialect: Dialect,
  slots: readonly Decided[],
  self: ProcessIdentity,
  onDuplicate: string,
): Promise<Changed> {
  const row = `(?, ${dialect.fromMs('?')}, ${marks(10)})`
  return db.run(
    `INSERT INTO slot (job, slot_at, place, verdict, reason, cause, task_id, is_open, host, boot_id, pid, pid_start)
     VALUES ${slots.map(() => row).join(', ')} ${onDuplicate}`,
    slots.flatMap((slot): Value[] => [
      ...[slot.job, slot.slotAt, slot.place, slot.verdict, slot.reason.slice(0, REASON_LENGTH)],
      ...[slot.cause ?? null, slot.taskId ?? null, slot.isOpen ? 1 : 0],
      ...[self.host, self.bootId, self.pid, self.pidStart],
    ]),
  )
}

function keyIs(dialect: Dialect): string {
  return `(job = ? AND slot_at = ${dialect.fromMs('?')} AND place = ?)`
}

function keyValues({ job, slotAt, place }: SlotKey): [string, number, string] {
  return [job, slotAt, place]
}
