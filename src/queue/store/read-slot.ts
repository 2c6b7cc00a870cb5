/**
 * Reading the schedule's ledger: what is open, and what was decided.
 */
import type { Driver, Value } from '../driver.ts'
import { type StatusName, statusName } from '../status.ts'
import type { ProcessIdentity } from './seat.ts'
import type { Cause, SlotKey, Verdict } from './slot.ts'
import { limited, marks } from './sql.ts'

/** A row of the ledger. Times are UTC milliseconds by the database's clock. */
export interface LedgerSlot extends SlotKey {
  readonly verdict: Verdict
  readonly reason: string
  readonly cause: Cause | undefined
  /** Who decided it. */
  readonly owner: ProcessIdentity
  readonly isOpen: boolean
  readonly taskId: number | undefined
  readonly outcome: 'done' | 'failed' | 'cancelled' | 'unknown' | undefined
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly endedAt: number | undefined
  readonly decidedAt: number
  readonly changedAt: number
  /** Milliseconds since it was changed. */
  readonly ageMs: number
}

/** An open slot, with how the run of its command stands. */
export interface OpenSlot extends LedgerSlot {
  readonly task: SlotTask | undefined
}

export interface SlotTask {
  readonly status: StatusName | `${number}`
  /** It is scheduled, and its time has come. */
  readonly isDue: boolean
  readonly attempts: number
  readonly exitCode: number | null
  readonly exitSignal: string | null
  /** The end of what its last attempt printed. */
  readonly error: string | null
  /** When its last attempt began. */
  readonly startedAt: number | undefined
  readonly finishedAt: number | undefined
}

/** All open slots, the oldest first. */
export async function openSlots(db: Driver): Promise<OpenSlot[]> {
  const { dialect } = db
  const rows = await db.all<Record<string, Value>>(
    `SELECT ${slotColumns(db)}, queue.status AS task_status, queue.attempts AS task_attempts,
            queue.exit_code AS task_exit_code, queue.exit_signal AS task_exit_signal, queue.error AS task_error,
            ${dialect.asMs('queue.started_at')} AS task_started_at,
            ${dialect.asMs('queue.finished_at')} AS task_finished_at,
            CASE WHEN queue.status = 4 AND queue.run_at <= ${dialect.now} THEN 1 ELSE 0 END AS task_is_due
       FROM slot LEFT JOIN queue ON queue.id = slot.task_id
      WHERE slot.is_open = 1
      ORDER BY slot.slot_at, slot.job`,
  )
  return rows.map((row) => ({ ...slotOf(row), task: taskOf(row) }))
}

export interface SlotFilter {
  readonly job?: string
  /** UTC milliseconds, inclusive. */
  readonly from?: number
  /** UTC milliseconds, inclusive. */
  readonly to?: number
}

/** What was decided, the newest first. */
export async function slotsOf(db: Driver, { job, from, to }: SlotFilter, limit: number): Promise<LedgerSlot[]> {
  const { dialect } = db
  const conditions = [
    ...(job === undefined ? [] : ['slot.job = ?']),
    ...(from === undefined ? [] : [`slot.slot_at >= ${dialect.fromMs('?')}`]),
    ...(to === undefined ? [] : [`slot.slot_at <= ${dialect.fromMs('?')}`]),
  ]
  const rows = await db.all<Record<string, Value>>(
    `SELECT ${slotColumns(db)} FROM slot
      ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
      ORDER BY slot.slot_at DESC, slot.job, slot.place LIMIT ${limited(limit)}`,
    [job, from, to].filter((value) => value !== undefined),
  )
  return rows.map(slotOf)
}

/**
 * The newest slot of each job, whatever became of it; of those with a `verdict` when it is given. A run that has ended has
 * its end also before a tick has written that into its slot.
 */
export async function lastSlots(
  db: Driver,
  jobs: readonly string[],
  verdicts?: readonly Verdict[],
): Promise<Map<string, LedgerSlot>> {
  if (jobs.length === 0) return new Map()
  const only = verdicts === undefined ? '' : `AND verdict IN (${marks(verdicts.length)})`
  const branch = `SELECT one.*, queue.status AS task_status, queue.exit_code AS task_exit_code,
                         queue.exit_signal AS task_exit_signal,
                         ${db.dialect.asMs('queue.finished_at')} AS task_finished_at
                    FROM (SELECT ${slotColumns(db)} FROM slot WHERE job = ? ${only}
                           ORDER BY slot_at DESC, ctime DESC LIMIT 1) AS one
                    LEFT JOIN queue
                      ON queue.id = one.task_id
                     AND one.is_open = 1
                     AND queue.status IN (1, 3, 5)`
  const rows = await db.all<Record<string, Value>>(
    jobs.map(() => branch).join(' UNION ALL '),
    jobs.flatMap((job) => [job, ...(verdicts ?? [])]),
  )
  return new Map(rows.map((row) => [String(row.job), { ...slotOf(row), ...endOf(row) }]))
}

/** How the run of an open slot ended; nothing while it has not. */
function endOf(row: Record<string, Value>) {
  if (row.task_status === null) return {}
  return {
    outcome: statusName(Number(row.task_status)) as LedgerSlot['outcome'],
    exitCode: optional(row.task_exit_code) ?? null,
    exitSignal: row.task_exit_signal === null ? null : String(row.task_exit_signal),
    endedAt: optional(row.task_finished_at),
  }
}

/**
 * Slots of `upstream` that have ended, or were decided not to be run, and that `job` has not been decided for.
 *
 * @param from  UTC milliseconds, inclusive
 */
export async function endedSlots(db: Driver, upstream: string, job: string, from: number): Promise<LedgerSlot[]> {
  const rows = await db.all<Record<string, Value>>(
    `SELECT ${slotColumns(db)} FROM slot
      WHERE job = ? AND place = '' AND slot_at >= ${db.dialect.fromMs('?')}
        AND (outcome IS NOT NULL
             OR (is_open = 0 AND verdict IN ('enqueued', 'empty', 'failed', 'missed', 'blocked')))
        AND NOT EXISTS (
          SELECT 1 FROM slot AS next WHERE next.job = ? AND next.slot_at = slot.slot_at AND next.place = '')
      ORDER BY slot_at`,
    [upstream, from, job],
  )
  return rows.map(slotOf)
}

function slotColumns({ dialect }: Driver): string {
  return `slot.job, ${dialect.asMs('slot.slot_at')} AS slot_ms, slot.place, slot.verdict, slot.reason, slot.cause,
          slot.host, slot.boot_id, slot.pid, slot.pid_start, slot.is_open, slot.task_id, slot.outcome, slot.exit_code,
          slot.exit_signal, ${dialect.asMs('slot.ended_at')} AS ended_ms, ${dialect.asMs('slot.ctime')} AS decided_ms,
          ${dialect.asMs('slot.mtime')} AS changed_ms, ${dialect.asMs(dialect.now)} AS now_ms`
}

function slotOf(row: Record<string, Value>): LedgerSlot {
  return {
    job: String(row.job),
    slotAt: Number(row.slot_ms),
    place: String(row.place),
    verdict: row.verdict as Verdict,
    reason: String(row.reason),
    cause: (row.cause as Cause | null) ?? undefined,
    owner: {
      host: String(row.host),
      bootId: String(row.boot_id),
      pid: Number(row.pid),
      pidStart: Number(row.pid_start),
    },
    isOpen: Number(row.is_open) === 1,
    taskId: optional(row.task_id),
    outcome: (row.outcome as LedgerSlot['outcome'] | null) ?? undefined,
    exitCode: optional(row.exit_code) ?? null,
    exitSignal: row.exit_signal === null ? null : String(row.exit_signal),
    endedAt: optional(row.ended_ms),
    decidedAt: Number(row.decided_ms),
    changedAt: Number(row.changed_ms),
    ageMs: Number(row.now_ms) - Number(row.changed_ms),
  }
}

function taskOf(row: Record<string, Value>): SlotTask | undefined {
  if (row.task_status === null) return undefined
  return {
    status: statusName(Number(row.task_status)),
    isDue: Number(row.task_is_due) === 1,
    attempts: Number(row.task_attempts),
    exitCode: optional(row.task_exit_code) ?? null,
    exitSignal: row.task_exit_signal === null ? null : String(row.task_exit_signal),
    error: row.task_error === null ? null : String(row.task_error),
    startedAt: optional(row.task_started_at),
    finishedAt: optional(row.task_finished_at),
  }
}

function optional(value: Value | undefined): number | undefined {
  return value === null || value === undefined ? undefined : Number(value)
}
