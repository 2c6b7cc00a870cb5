/**
 * Stops and pauses: what is not to be started for the time being, and asking the workers to leave.
 *
 * A stop is a row of `setting` named `stop:<job>@<host>`. Whoever stops writes that row before looking for workers; a
 * worker that was started for a job takes its seat before it looks for stops. Whichever comes first, one of the two sees
 * the other, so none slips through. A pause (`pause.ts`) only keeps the tick from starting anything: what works goes on.
 */
import { again } from '../again.ts'
import type { Driver, Value } from '../driver.ts'
import { harshness, type LeaveHow, readLeaveHow } from '../leave-how.ts'
import type { ProcessIdentity } from './seat.ts'
import { marks } from './sql.ts'

/** In the place of a job or a host: every one. No job and no host can have this name. */
export const EVERY = '*'

export interface StopKey {
  readonly job: string
  readonly host: string
}

export interface Stop extends StopKey {
  readonly kind: 'stop' | 'pause'
  /** Who asked for it, such as `root@web-1`. */
  readonly by: string
  /** UTC milliseconds, by the database's clock. */
  readonly since: number
  /** Why; a pause may say so. */
  readonly reason?: string
  /** UTC milliseconds at which a pause is over by itself. */
  readonly until?: number
}

export type StopName = Pick<Stop, 'kind' | 'job' | 'host'>

/**
 * Puts a stop in force. One that is in force already stays as it is: it still tells since when, and by whom.
 *
 * @returns the stop, and whether it is new
 */
export async function addStop(
  db: Driver,
  key: StopKey,
  by: string,
  patienceMs: number,
): Promise<{ readonly stop: Stop; readonly isNew: boolean }> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const name = { ...key, kind: 'stop' } as const
    const isNew = await insertStop(db, name, by)
    const stop = (await stops(db)).find((one) => nameOf(one) === nameOf(name))
    // It was lifted in the same moment: then it is as if that had come a moment later.
    return { stop: stop ?? { ...name, by, since: Date.now() }, isNew }
  })
}

async function insertStop(db: Driver, name: StopName, by: string): Promise<boolean> {
  try {
    await db.run('INSERT INTO setting (name, value) VALUES (?, ?)', [nameOf(name), by])
    return true
  } catch (error) {
    if (!db.dialect.isDuplicate(error)) throw error
    return false
  }
}

/** Every stop, and every pause that is not over, the oldest first. */
export async function stops(db: Driver): Promise<Stop[]> {
  const rows = await stopRows(db)
  return rows.flatMap(({ stop, isOver }) => (isOver ? [] : stop))
}

/** The stop that keeps a job from being worked on at a host. A pause lets its workers work. */
export async function stopInForce(db: Driver, job: string, host: string): Promise<Stop | undefined> {
  return (await stops(db)).find((stop) => stop.kind === 'stop' && holds(stop, job, host))
}

/** Whether a stop or a pause is about this job on this host. */
export function holds(stop: StopKey, job: string, host: string): boolean {
  return [job, EVERY].includes(stop.job) && [host, EVERY].includes(stop.host)
}

export async function removeStops(db: Driver, names: readonly StopName[], patienceMs: number): Promise<void> {
  if (names.length === 0) return
  await again(db.dialect, { forMs: patienceMs }, () =>
    db.run(`DELETE FROM setting WHERE name IN (${marks(names.length)})`, names.map(nameOf)),
  )
}

export interface StopRow {
  readonly stop: Stop
  /** As it stands in the table. */
  readonly value: string
  /** A pause whose end has come by the database's clock. */
  readonly isOver: boolean
}

export async function stopRows(db: Driver): Promise<StopRow[]> {
  const { now, asMs } = db.dialect
  const rows = await db.all<{ name: string; value: string; since: number; now: number }>(
    `SELECT name, value, ${asMs('mtime')} AS since, ${asMs(now)} AS now
       FROM setting
      WHERE name LIKE 'stop:%' OR name LIKE 'pause:%'
      ORDER BY mtime, name`,
  )
  return rows.map(({ name, value, since, now }) => {
    const stop = { ...readName(name), since: Number(since), ...readValue(name, value) }
    return { stop, value, isOver: stop.until !== undefined && stop.until <= Number(now) }
  })
}

export function nameOf({ kind, job, host }: StopName): string {
  return `${kind}:${job}@${host}`
}

/** A worker process with all the shards it holds. */
export interface WorkerProcess extends ProcessIdentity {
  /** Its rows in `worker`, ascending. */
  readonly workerIds: readonly number[]
  readonly queue: string
  readonly total: number
  readonly shards: readonly number[]
  /** Undefined for one that a person started. */
  readonly job: string | undefined
  /** A seat of it is not free for others. */
  readonly hasSeat: boolean
  /** It lost its seats, or its leases are over by the database's clock. */
  readonly leaseOver: boolean
  /** It has been asked to leave. */
  readonly asked: boolean
  readonly leaveHow: LeaveHow | undefined
  /** Tasks of one key that it lets run at once; undefined where each key is a lane. */
  readonly perKey?: number | undefined
  /** When it took its first seat: UTC milliseconds, by the database's clock. */
  readonly since: number
  /** How long it is believed alive without being heard from; below 0 when that is over. */
  readonly leaseLeftMs: number
}

/** The workers that a stop is about, the living and the dead. */
export async function workersUnder(db: Driver, stop: StopKey): Promise<WorkerProcess[]> {
  const rows = await db.all<Record<string, Value>>(
    `SELECT id, queue, total, shard, host, boot_id, pid, pid_start, job, per_key,
            CASE WHEN seat IS NULL THEN 0 ELSE 1 END AS has_seat,
            CASE WHEN seat IS NULL OR lease_until <= ${db.dialect.now} THEN 1 ELSE 0 END AS lease_over,
            CASE WHEN drain_at IS NULL THEN 0 ELSE 1 END AS asked, leave_how,
            ${db.dialect.asMs('started_at')} AS since,
            ${db.dialect.asMs('lease_until')} - ${db.dialect.asMs(db.dialect.now)} AS lease_left
       FROM worker
      WHERE (? = '${EVERY}' OR job = ?)
        AND (? = '${EVERY}' OR host = ?)
      ORDER BY id`,
    [stop.job, stop.job, stop.host, stop.host],
  )
  const processes = Map.groupBy(rows, ({ host, boot_id, pid, pid_start }) => `${host} ${boot_id} ${pid} ${pid_start}`)
  return [...processes.values()].map(workerProcess)
}

/**
 * @returns false when the worker was asked for that already, or for something harsher: one signal is sent for each, because a
 *          second SIGTERM would end its programs
 */
export async function askToLeaveBy(
  db: Driver,
  worker: Pick<WorkerProcess, 'workerIds'>,
  how: LeaveHow,
  patienceMs: number,
): Promise<boolean> {
  return again(db.dialect, { forMs: patienceMs }, async () => {
    const { changed } = await db.run(
      `UPDATE worker SET drain_at = COALESCE(drain_at, ${db.dialect.now}), leave_how = ?
        WHERE id IN (${marks(worker.workerIds.length)})
          AND COALESCE(leave_how, CASE WHEN drain_at IS NULL THEN 0 ELSE ? END) < ?`,
      [harshness(how), ...worker.workerIds, harshness('stop'), harshness(how)],
    )
    return changed > 0
  })
}

/** How many programs these workers run, or are about to. */
export async function countPrograms(db: Driver, workers: readonly WorkerProcess[]): Promise<number> {
  const ids = workers.flatMap(({ workerIds }) => workerIds)
  if (ids.length === 0) return 0
  const rows = await db.all<{ count: number }>(
    `SELECT COUNT(*) AS count FROM queue ${db.dialect.useIndex(db.dialect.runningIndex)}
      WHERE status = 2 AND worker_id IN (${marks(ids.length)})`,
    ids,
  )
  return Number(rows[0]?.count ?? 0)
}

function workerProcess(rows: readonly Record<string, Value>[]): WorkerProcess {
  const first = rows[0] as Record<string, Value>
  const asked = rows.find(({ asked }) => Number(asked) === 1)
  return {
    host: String(first.host),
    bootId: String(first.boot_id),
    pid: Number(first.pid),
    pidStart: Number(first.pid_start),
    workerIds: rows.map(({ id }) => Number(id)),
    queue: String(first.queue),
    total: Number(first.total),
    shards: rows.map(({ shard }) => Number(shard)).toSorted((a, b) => a - b),
    job: first.job === null ? undefined : String(first.job),
    hasSeat: rows.some(({ has_seat }) => Number(has_seat) === 1),
    leaseOver: rows.every(({ lease_over }) => Number(lease_over) === 1),
    asked: asked !== undefined,
    leaveHow: asked && readLeaveHow(asked.leave_how === null ? null : Number(asked.leave_how), true),
    perKey: first.per_key === null ? undefined : Number(first.per_key),
    since: Math.min(...rows.map(({ since }) => Number(since))),
    leaseLeftMs: Math.max(...rows.map(({ lease_left }) => Number(lease_left))),
  }
}

/** The id of a job holds no `@`. */
function readName(name: string): StopName {
  const colon = name.indexOf(':')
  const at = name.indexOf('@')
  return { kind: name.slice(0, colon) as Stop['kind'], job: name.slice(colon + 1, at), host: name.slice(at + 1) }
}

/** A pause that was written by hand may be a name and nothing more, as a stop is. */
function readValue(name: string, value: string): Pick<Stop, 'by' | 'reason' | 'until'> {
  if (!name.startsWith('pause:') || !value.startsWith('{')) return { by: value }
  const { by, reason, until } = JSON.parse(value) as PauseValue
  return { by, ...(reason === null ? {} : { reason }), ...(until === null ? {} : { until }) }
}

/** What the row of a pause holds, as JSON. */
export interface PauseValue {
  readonly by: string
  readonly reason: string | null
  /** UTC milliseconds. */
  readonly until: number | null
}
