/**
 * Writing tasks that were carried here from another table: with what they have tried, and in their order.
 *
 * Ids are given anew, ascending as the old ones were, so tasks of one key keep their turns.
 */
import type { Dialect, Executor, Value } from '../driver.ts'
import type { Ending } from './read-task.ts'
import { marks, padded } from './sql.ts'
import type { StoredAttempt, StoredTask } from './stored-task.ts'

const COLUMNS = [
  ...['queue', 'task', 'param', 'status', 'held_for', 'priority', 'bucket', 'shard_key', 'unique_key', 'keep_unique'],
  ...['attempts', 'crashes', 'max_attempts', 'retry', 'timeout_s'],
]
const ENDING = ['exit_code', 'exit_signal', 'error', 'log_file', 'log_offset', 'log_bytes', 'cpu_ms']
const ENDING_TIMES = ['started_at', 'finished_at']
const ATTEMPT_COLUMNS = ['task_id', 'attempt', 'claim_token', 'outcome']
const MOST_ROWS = 250
const MOST_BYTES = 4_000_000
/** A time column begins after 1970. */
const FIRST_MS = 1_000

/** @param tasks  in the order in which they get their ids */
export async function insertStored(tx: Executor, dialect: Dialect, tasks: readonly StoredTask[]): Promise<void> {
  for (const batch of batches(tasks)) {
    const { insertId } = await insert(tx, dialect, batch)
    for (const { past } of batch) await insertAttempts(tx, dialect, insertId, past)
  }
}

/** Of some unique values, those that a task here has. */
export async function uniqueTaken(db: Executor, values: readonly string[]): Promise<Set<string>> {
  if (values.length === 0) return new Set()
  const all = padded(values)
  const rows = await db.all<{ unique_key: string }>(
    `SELECT unique_key FROM queue WHERE unique_key IN (${marks(all.length)})`,
    [...all],
  )
  return new Set(rows.map(({ unique_key }) => unique_key))
}

/** The id of a row is known only when it is inserted alone, as one with attempts must be. */
function* batches(tasks: readonly StoredTask[]): Generator<StoredTask[]> {
  let batch: StoredTask[] = []
  let bytes = 0
  for (const task of tasks) {
    const isAlone = task.past.length > 0
    const isFull = batch.length === MOST_ROWS || bytes + task.paramBytes > MOST_BYTES
    if (batch.length > 0 && (isAlone || isFull)) {
      yield batch
      batch = []
      bytes = 0
    }
    if (isAlone) yield [task]
    else batch.push(task)
    bytes += task.paramBytes
  }
  if (batch.length > 0) yield batch
}

async function insert(tx: Executor, dialect: Dialect, tasks: readonly StoredTask[]) {
  const plain = [...COLUMNS, ...ENDING]
  const times = ['run_at', 'expires_at', dialect.added, ...ENDING_TIMES]
  const row = `(${marks(plain.length)}, ${times.map(() => dialect.fromMs('?')).join(', ')})`
  return tx.run(
    `INSERT INTO queue (${[...plain, ...times].join(', ')}) VALUES ${tasks.map(() => row).join(', ')}`,
    tasks.flatMap((task): Value[] => [
      ...[task.queue, task.task, task.param, task.status, task.heldFor, task.priority, task.bucket],
      ...[task.shardKey, task.uniqueKey, task.keepUnique],
      ...[task.attempts, task.crashes, task.maxAttempts, task.retry, task.timeoutSeconds],
      ...endingValues(task),
      ...[Math.max(FIRST_MS, task.runAt), task.expiresAt, Math.max(FIRST_MS, task.addedAt)],
      ...[task.startedAt, task.finishedAt],
    ]),
  )
}

async function insertAttempts(
  tx: Executor,
  dialect: Dialect,
  taskId: number,
  past: readonly StoredAttempt[],
): Promise<void> {
  const plain = [...ATTEMPT_COLUMNS, ...ENDING]
  const row = `(${marks(plain.length)}, ${ENDING_TIMES.map(() => dialect.fromMs('?')).join(', ')})`
  for (let start = 0; start < past.length; start += MOST_ROWS) {
    const some = past.slice(start, start + MOST_ROWS)
    await tx.run(
      `INSERT INTO attempt (${[...plain, ...ENDING_TIMES].join(', ')}) VALUES ${some.map(() => row).join(', ')}`,
      some.flatMap((one): Value[] => [
        ...[taskId, one.attempt, one.claimToken, one.outcome],
        ...endingValues(one),
        ...[one.startedAt, one.finishedAt],
      ]),
    )
  }
}

function endingValues({ exitCode, exitSignal, error, output, cpuMs }: Ending): Value[] {
  return [exitCode, exitSignal, error, output?.file ?? null, output?.offset ?? null, output?.bytes ?? null, cpuMs]
}
