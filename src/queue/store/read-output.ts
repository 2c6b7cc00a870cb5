/**
 * Where the output of an attempt stands: one that is booked, or the one that runs now.
 */
import type { Driver } from '../driver.ts'
import { type StatusName, statusName } from '../status.ts'
import type { Columns } from './columns.ts'
import type { OutputPlace } from './finish.ts'

/** A row as whoever wants to see an output needs it. */
export interface RunFacts {
  readonly id: number
  readonly state: StatusName | `${number}`
  /** The number of the attempt that runs, or of those that count. */
  readonly attempts: number
  readonly claimToken: number | null
  readonly worker: RunWorker | undefined
  /** Of the attempt that was booked last. */
  readonly output: OutputPlace | null
  /** UTC milliseconds. */
  readonly runAt: number
  readonly now: number
}

export interface RunWorker {
  readonly workerId: number
  readonly host: string
  readonly pid: number
  readonly stateDirectory: string
}

export interface AttemptOutput {
  /** Of its row: later ones are greater. */
  readonly rowId: number
  readonly attempt: number
  readonly output: OutputPlace | null
}

const PLACE = 'log_file, log_offset, log_bytes'

/** @returns undefined when there is no such task */
export async function readRun(db: Driver, id: number): Promise<RunFacts | undefined> {
  const { asMs, now } = db.dialect
  const [row] = await db.all<Columns>(
    `SELECT status, attempts, claim_token, ${PLACE}, ${asMs('run_at')} AS run_at_ms, ${asMs(now)} AS now_ms,
            worker.id AS worker_id, worker.host, worker.pid, worker.state_directory
       FROM queue LEFT JOIN worker ON worker.id = queue.worker_id
      WHERE queue.id = ?`,
    [id],
  )
  if (row === undefined) return undefined
  return {
    id,
    state: statusName(Number(row.status)),
    attempts: Number(row.attempts),
    claimToken: row.claim_token === null ? null : Number(row.claim_token),
    worker:
      row.host === null
        ? undefined
        : {
            workerId: Number(row.worker_id),
            host: String(row.host),
            pid: Number(row.pid),
            stateDirectory: String(row.state_directory),
          },
    output: placeOf(row),
    runAt: Number(row.run_at_ms),
    now: Number(row.now_ms),
  }
}

/**
 * An attempt that did not finish its task. Attempts that do not count give their number to the next one: the last of them is
 * meant.
 *
 * @param which  its number or its claim; the last of all without either
 */
export async function readAttemptOutput(
  db: Driver,
  id: number,
  which: { readonly attempt?: number; readonly claimToken?: number } = {},
): Promise<AttemptOutput | undefined> {
  const { attempt, claimToken } = which
  const values = [id, attempt, claimToken].filter((value) => value !== undefined)
  const [row] = await db.all<Columns>(
    `SELECT id, attempt, ${PLACE} FROM attempt
      WHERE task_id = ?${attempt === undefined ? '' : ' AND attempt = ?'}${claimToken === undefined ? '' : ' AND claim_token = ?'}
      ORDER BY id DESC LIMIT 1`,
    values,
  )
  return row === undefined ? undefined : { rowId: Number(row.id), attempt: Number(row.attempt), output: placeOf(row) }
}

function placeOf(row: Columns): OutputPlace | null {
  if (row.log_file === null) return null
  return { file: String(row.log_file), offset: Number(row.log_offset), bytes: Number(row.log_bytes) }
}
