/**
 * `queuectl export`: tasks as JSON, one a line, with the fields that `add-task` takes and all else that is known of them.
 *
 * What there is not is left out. Outputs stay in the logs.
 */
import { again } from '../queue/again.ts'
import type { Driver } from '../queue/driver.ts'
import { statusName } from '../queue/status.ts'
import type { Ending } from '../queue/store/read-task.ts'
import type { Selection } from '../queue/store/selection.ts'
import { isWhole, readStored, type StoredAttempt, type StoredTask } from '../queue/store/stored-task.ts'
import { walkSelected } from '../queue/store/walk-selected.ts'
import { isoTime } from '../time/time-text.ts'
import { jsonText } from './json-lines.ts'
import { PATIENCE_MS } from './patience.ts'

export interface Exported {
  readonly count: number
  /** Their param is no text: what a line says of it is not what stands in the table. */
  readonly unreadable: readonly number[]
}

const BATCH = 500

/** @param write  is waited for: whoever reads slowly does not fill our memory; false when the reader has left */
export async function exportTasks(
  db: Driver,
  selection: Selection,
  write: (lines: string) => Promise<boolean>,
  onProgress: (count: number) => void,
): Promise<Exported> {
  let count = 0
  const unreadable: number[] = []
  for await (const ids of walkSelected(db, selection, BATCH, PATIENCE_MS)) {
    const tasks = await again(db.dialect, { forMs: PATIENCE_MS }, () => readStored(db, ids))
    if (tasks.length > 0 && !(await write(jsonText(tasks.map(exportedTask))))) break
    unreadable.push(...tasks.filter((task) => !isWhole(task)).map(({ id }) => id))
    count += tasks.length
    onProgress(count)
  }
  return { count, unreadable }
}

export function exportedTask(task: StoredTask): object {
  return withoutMissing({
    id: task.id,
    state: statusName(task.status),
    queue: task.queue,
    task: task.task,
    param: task.param,
    priority: task.priority,
    at: isoTime(task.runAt),
    expires: isoTime(task.expiresAt),
    key: task.shardKey,
    unique: task.uniqueKey,
    keepUnique: task.keepUnique === 1 ? true : null,
    retry: task.retry,
    maxAttempts: task.maxAttempts,
    timeoutMs: task.timeoutSeconds === null ? null : task.timeoutSeconds * 1_000,
    attempts: task.attempts,
    crashes: task.crashes,
    heldFor: task.heldFor,
    addedAt: isoTime(task.addedAt),
    ...endingFacts(task),
    past: task.past.length === 0 ? null : task.past.map(exportedAttempt),
  })
}

function exportedAttempt(one: StoredAttempt): object {
  return withoutMissing({ attempt: one.attempt, outcome: one.outcome, ...endingFacts(one) })
}

function endingFacts({ startedAt, finishedAt, exitCode, exitSignal, error, cpuMs }: Ending) {
  return { startedAt: isoTime(startedAt), finishedAt: isoTime(finishedAt), exitCode, exitSignal, error, cpuMs }
}

function withoutMissing(facts: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null))
}
