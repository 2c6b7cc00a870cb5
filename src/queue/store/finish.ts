/**
 * Booking how attempts ended.
 *
 * Every write names the claim it is for: `status = 2 AND claim_token = …`. A row that was taken from us in the meantime
 * is not changed, and whoever calls learns that the claim was lost. Tasks that are done go in one UPDATE for the whole
 * batch; the others bring a row of `attempt` with them and go one by one in one transaction.
 */
import { type AgainOptions, again } from '../again.ts'
import type { Driver, Executor, GivenColumns } from '../driver.ts'
import { givenRows, marks } from './sql.ts'

/** What becomes of a task after an attempt. */
export interface Finish {
  readonly id: number
  readonly queue: string
  readonly task: string
  readonly claimToken: number
  readonly attempt: number
  readonly workerId: number
  readonly next: NextState
  /** The kind of the outcome, as the rows of `attempt` name it: `ok`, `exit`, `signal`, `timeout`, … */
  readonly outcome: string
  readonly exitCode: number | null
  readonly exitSignal: string | null
  readonly error: string | null
  readonly output: OutputPlace | null
  readonly cpuMs: number
  readonly ranMs: number
  /** When it ended, on the clock of `performance.now()`: the database's clock is asked how long ago that was. */
  readonly endedAt: number
  /** Crashes and signals in a row, this attempt included. */
  readonly crashes: number
}

export type NextState =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  /** Somebody cancelled it while it ran. */
  | { readonly kind: 'cancelled' }
  /** Until a person releases it. */
  | { readonly kind: 'held' }
  /** Another attempt after `delayMs`; `counted: false` when this one used none up. */
  | { readonly kind: 'again'; readonly delayMs: number; readonly counted: boolean }

/** Where the bytes of an output stand. */
export interface OutputPlace {
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** @returns the finishes whose claim was lost: nothing was written for them */
export async function finish(
  db: Driver,
  finishes: readonly Finish[],
  patienceMs: number,
  retrying: Omit<AgainOptions, 'forMs'> = {},
): Promise<Finish[]> {
  const byId = finishes.toSorted((a, b) => a.id - b.id)
  const done = byId.filter(({ next }) => next.kind === 'done')
  const others = byId.filter(({ next }) => next.kind !== 'done')
  const options = { forMs: patienceMs, ...retrying }
  return [
    ...(done.length === 0 ? [] : await again(db.dialect, options, () => finishDone(db, done))),
    ...(others.length === 0
      ? []
      : await again(db.dialect, options, () => db.transaction((tx) => finishOthers(db, tx, others)))),
  ]
}

/** What is known of an attempt, beside its claim; times as milliseconds ago. */
const DONE: GivenColumns = {
  ...{ id: 'whole', token: 'whole', began: 'whole', ended: 'whole', cpu: 'whole' },
  ...{ file: 'text', first: 'whole', length: 'whole' },
}

async function finishDone(db: Driver, finishes: readonly Finish[]): Promise<Finish[]> {
  const { now, fromNow, updateGiven } = db.dialect
  const at = performance.now()
  const rows = finishes.map(({ id, claimToken, endedAt, ranMs, cpuMs, output }) => [
    id,
    claimToken,
    Math.round(at - endedAt + ranMs),
    Math.round(at - endedAt),
    Math.round(cpuMs),
    output?.file ?? null,
    output?.offset ?? null,
    output?.bytes ?? null,
  ])
  const { changed } = await db.run(
    updateGiven(
      DONE,
      `status = 1, exit_code = 0, exit_signal = NULL, error = NULL,
       unique_key = CASE WHEN keep_unique = 1 THEN unique_key ELSE NULL END,
       started_at = ${fromNow('-given.began')}, finished_at = ${fromNow('-given.ended')},
       cpu_ms = given.cpu, log_file = given.file, log_offset = given.first, log_bytes = given.length, mtime = ${now}`,
      'status = 2 AND claim_token = given.token',
    ),
    [givenRows(rows)],
  )
  return changed === finishes.length ? [] : notDone(db, finishes)
}

/** The state that an attempt leads to, and whether the task is finished by it. */
const ENDINGS = {
  failed: { status: 3, ends: true },
  cancelled: { status: 5, ends: true },
  again: { status: 4, ends: false },
  held: { status: 6, ends: false },
  done: { status: 1, ends: true },
} as const

/**
 * A task that was cancelled while it ran is cancelled, whatever the attempt would have led to. One that is held is so for nobody,
 * although a person may have let it go before.
 */
async function finishOthers(db: Driver, tx: Executor, finishes: readonly Finish[]): Promise<Finish[]> {
  const { dialect } = db
  const lost: Finish[] = []
  const at = performance.now()
  for (const finish of finishes) {
    const { next, output } = finish
    const { status, ends } = ENDINGS[next.kind]
    const isOver = ends ? '1 = 1' : 'cancel_at IS NOT NULL'
    const { changed } = await tx.run(
      `UPDATE queue
          SET status = ${ends ? status : `CASE WHEN cancel_at IS NULL THEN ${status} ELSE 5 END`},
              unique_key = CASE WHEN keep_unique = 0 AND ${isOver} THEN NULL ELSE unique_key END,
              finished_at = CASE WHEN ${isOver} THEN ${dialect.fromNow('?')} ELSE NULL END,
              ${next.kind === 'again' ? `run_at = ${dialect.fromNow('?')},` : ''}
              ${next.kind === 'held' ? 'held_for = NULL,' : ''}
              attempts = attempts - ?, crashes = ?, exit_code = ?, exit_signal = ?, error = ?,
              started_at = ${dialect.fromNow('?')},
              cpu_ms = ?, log_file = ?, log_offset = ?, log_bytes = ?, mtime = ${dialect.now}
        WHERE id = ?
          AND status = 2
          AND claim_token = ?`,
      [
        -Math.round(at - finish.endedAt),
        ...(next.kind === 'again' ? [next.delayMs] : []),
        next.kind === 'again' && !next.counted ? 1 : 0,
        finish.crashes,
        finish.exitCode,
        finish.exitSignal,
        finish.error,
        -Math.round(at - finish.endedAt + finish.ranMs),
        finish.cpuMs,
        output?.file ?? null,
        output?.offset ?? null,
        output?.bytes ?? null,
        finish.id,
        finish.claimToken,
      ],
    )
    if (changed === 1) await recordAttempt(db, tx, finish, at)
    else lost.push(finish)
  }
  return lost.length === 0 ? [] : notRecorded(tx, lost)
}

async function recordAttempt(db: Driver, tx: Executor, finish: Finish, at: number): Promise<void> {
  await tx.run(
    `INSERT INTO attempt (task_id, attempt, claim_token, worker_id, outcome, exit_code, exit_signal, error,
                          log_file, log_offset, log_bytes, cpu_ms, started_at, finished_at)
     VALUES (${marks(12)}, ${db.dialect.fromNow('?')}, ${db.dialect.fromNow('?')})`,
    [
      finish.id,
      finish.attempt,
      finish.claimToken,
      finish.workerId,
      finish.outcome,
      finish.exitCode,
      finish.exitSignal,
      finish.error,
      finish.output?.file ?? null,
      finish.output?.offset ?? null,
      finish.output?.bytes ?? null,
      finish.cpuMs,
      -Math.round(at - finish.endedAt + finish.ranMs),
      -Math.round(at - finish.endedAt),
    ],
  )
}

/** Of tasks that were done and whose row did not change: those that an earlier try had booked, whose answer was lost, are ours. */
async function notDone(db: Executor, finishes: readonly Finish[]): Promise<Finish[]> {
  const rows = await db.all<{ id: number; claim_token: number | null }>(
    `SELECT id, claim_token FROM queue WHERE id IN (${marks(finishes.length)}) AND status = 1`,
    finishes.map(({ id }) => id),
  )
  const booked = new Map(rows.map((row) => [Number(row.id), Number(row.claim_token)]))
  return finishes.filter(({ id, claimToken }) => booked.get(id) !== claimToken)
}

/**
 * Of the others the row of the attempt tells, because the task may be under another claim by now. One of another outcome was
 * written by whoever took the worker for dead.
 */
async function notRecorded(db: Executor, finishes: readonly Finish[]): Promise<Finish[]> {
  const rows = await db.all<{ task_id: number; claim_token: number; outcome: string }>(
    `SELECT task_id, claim_token, outcome FROM attempt WHERE task_id IN (${marks(finishes.length)})`,
    finishes.map(({ id }) => id),
  )
  const booked = new Set(rows.map((row) => `${row.task_id} ${row.claim_token} ${row.outcome}`))
  return finishes.filter(({ id, claimToken, outcome }) => !booked.has(`${id} ${claimToken} ${outcome}`))
}
