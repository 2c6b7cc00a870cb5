/**
 * Ways to claim rows and to finish them, as one worker does it: ours, the pull of the old PHP loop, and what one would write with
 * SKIP LOCKED.
 *
 * No program is run: what is measured is the database's part. The two written by hand have a table that holds no more than they
 * need, with the index that they want.
 */
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import { bucketsOf } from '../src/queue/bucket.ts'
import { claim } from '../src/queue/store/claim.ts'
import type { ClaimedTask } from '../src/queue/store/claimed-task.ts'
import { type Finish, finish } from '../src/queue/store/finish.ts'
import { openDriver } from '../src/queue/url.ts'

export interface Seat {
  readonly url: string
  /** Of `workers`, from 0. */
  readonly shard: number
  readonly workers: number
  /** Rows claimed at once, at most. */
  readonly batch: number
}

/** One worker at its work. */
export interface Hands {
  /** Claims rows, and leaves them in its hands. @returns how many */
  claim(): Promise<number>
  /** Finishes all that it has in its hands. */
  finish(): Promise<void>
  close(): Promise<void>
}

export type WayName = 'ours' | 'old' | 'skip-locked'

export const WAYS: Readonly<Record<WayName, (seat: Seat) => Promise<Hands>>> = { ours, old, 'skip-locked': skipLocked }

const PATIENCE_MS = 30_000
/** Of the old loop. */
const PULLED_AT_ONCE = 200
const DEADLOCK = 1213

async function ours({ url, shard, workers, batch }: Seat): Promise<Hands> {
  const db = await openDriver(url, '/')
  const workerId = shard + 1
  const buckets = bucketsOf(workers, [shard])
  let tasks: readonly ClaimedTask[] = []
  return {
    async claim() {
      tasks = await claim(db, { queue: 'default', buckets, limit: batch, workerId, patienceMs: PATIENCE_MS })
      return tasks.length
    },
    async finish() {
      const lost = await finish(
        db,
        tasks.map((task) => doneBy(task, workerId)),
        PATIENCE_MS,
      )
      if (lost.length > 0) throw new Error(`${lost.length} results were refused.`)
    },
    close: () => db.close(),
  }
}

function doneBy({ id, queue, task, claimToken, attempt }: ClaimedTask, workerId: number): Finish {
  return {
    ...{ id, queue, task, claimToken, attempt, workerId, next: { kind: 'done' }, outcome: 'ok' },
    ...{ exitCode: 0, exitSignal: null, error: null, crashes: 0, cpuMs: 1, ranMs: 2, endedAt: performance.now() },
    output: { file: 'do-queue-2026-01-01.log', offset: id * 100, bytes: 100 },
  }
}

/** Each of the workers takes the ids that leave its number, and books every row alone. */
async function old({ url, shard, workers }: Seat): Promise<Hands> {
  const connection = await mysql.createConnection(url)
  const pull = `SELECT id, task, param FROM by_hand FORCE INDEX (PRIMARY)
                 WHERE status = 0 AND id % ${workers} = ${shard} ORDER BY id LIMIT ${PULLED_AT_ONCE}`
  let ids: readonly number[] = []
  return {
    async claim() {
      ids = idsOf(await connection.query<RowDataPacket[]>(pull))
      return ids.length
    },
    async finish() {
      for (const id of ids)
        await connection.execute('UPDATE by_hand SET status = 1, finished_at = NOW(3) WHERE id = ?', [id])
    },
    close: () => connection.end(),
  }
}

/** Generous: what was claimed is finished by one statement, too. */
async function skipLocked({ url, batch }: Seat): Promise<Hands> {
  const connection = await mysql.createConnection(url)
  await connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED')
  let ids: readonly number[] = []
  return {
    async claim() {
      ids = await untilNoDeadlock(connection, async () => {
        const first = `SELECT id, task, param FROM by_hand FORCE INDEX (ready)
                        WHERE status = 0 ORDER BY priority, id LIMIT ${batch} FOR UPDATE SKIP LOCKED`
        const found = idsOf(await connection.query<RowDataPacket[]>(first))
        if (found.length > 0) await connection.query('UPDATE by_hand SET status = 2 WHERE id IN (?)', [found])
        return found
      })
      return ids.length
    },
    async finish() {
      await connection.query('UPDATE by_hand SET status = 1, finished_at = NOW(3) WHERE id IN (?)', [ids])
    },
    close: () => connection.end(),
  }
}

async function untilNoDeadlock<T>(connection: Connection, work: () => Promise<T>): Promise<T> {
  for (;;) {
    await connection.beginTransaction()
    try {
      const result = await work()
      await connection.commit()
      return result
    } catch (error) {
      await connection.rollback()
      if ((error as { errno?: number }).errno !== DEADLOCK) throw error
    }
  }
}

function idsOf([rows]: readonly [readonly RowDataPacket[], unknown]): number[] {
  return rows.map(({ id }) => Number(id))
}
