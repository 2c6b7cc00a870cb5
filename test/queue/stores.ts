/** What the tests of the store share: an open, migrated database, and rows in it. */
import type { TestContext } from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { migrate } from '../../src/queue/migrate.ts'
import { checkNewTask, type NewTask } from '../../src/queue/new-task.ts'
import { addMany } from '../../src/queue/store/add.ts'
import type { ClaimRequest } from '../../src/queue/store/claim.ts'
import { claim } from '../../src/queue/store/claim.ts'
import type { ClaimedTask } from '../../src/queue/store/claimed-task.ts'
import type { Finish, NextState } from '../../src/queue/store/finish.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards } from '../helpers/cleanup.ts'
import type { Database } from '../helpers/databases.ts'

export const ALL_BUCKETS = Array.from({ length: 60 }, (_, bucket) => bucket)
export const PATIENCE_MS = 10_000

export interface OpenStore {
  readonly db: Driver
  readonly url: string
  /** Another connection to the same database. */
  open(): Promise<Driver>
}

export async function openStore(t: TestContext, database: Database): Promise<OpenStore> {
  const { url } = await database.create(t)
  const open = async () => {
    const driver = await openDriver(url, '/')
    afterwards(t, () => driver.close())
    return driver
  }
  const db = await open()
  await migrate(db)
  return { db, url, open }
}

export async function put(db: Driver, ...tasks: NewTask[]): Promise<void> {
  const rows = tasks.map((task) => checkNewTask(task, Date.now(), db.dialect.latestMs))
  await addMany(db, db.dialect, rows)
}

export function claimSome(db: Driver, request: Partial<ClaimRequest> = {}): Promise<ClaimedTask[]> {
  const all = { queue: 'default', buckets: ALL_BUCKETS, limit: 100, workerId: 1, patienceMs: PATIENCE_MS }
  return claim(db, { ...all, ...request })
}

export function finishOf(task: ClaimedTask, next: NextState, more: Partial<Finish> = {}): Finish {
  return {
    id: task.id,
    queue: task.queue,
    task: task.task,
    claimToken: task.claimToken,
    attempt: task.attempt,
    workerId: 1,
    next,
    outcome: next.kind === 'done' ? 'ok' : 'exit',
    exitCode: next.kind === 'done' ? 0 : 1,
    exitSignal: null,
    error: null,
    output: null,
    cpuMs: 3,
    ranMs: 20,
    endedAt: performance.now(),
    crashes: 0,
    ...more,
  }
}

/** A row as the table has it, times as UTC milliseconds. */
export async function row(db: Driver, id: number): Promise<Record<string, unknown>> {
  const ms = (column: string) => `${db.dialect.asMs(column)} AS ${column}_ms`
  const times = ['run_at', 'started_at', 'finished_at', 'ctime'].map(ms).join(', ')
  const [found] = await db.all<Record<string, unknown>>(`SELECT queue.*, ${times} FROM queue WHERE id = ?`, [id])
  return { ...found }
}

/** Now by the database's clock. */
export async function databaseNow(db: Driver): Promise<number> {
  const [found] = await db.all<{ now: number }>(`SELECT ${db.dialect.asMs(db.dialect.now)} AS now`)
  return Number(found?.now)
}
