/**
 * The library's door to the queue: add tasks from a program, inside its own transaction when it wants that.
 *
 *     const queue = await openQueue('mysql://shop@localhost/shop')
 *     await queue.add({ task: 'send-msg', param: 'uid=4&uids[]=6' })
 *     await queue.close()
 *
 * With a mysql2 connection of the caller's, the row commits or rolls back together with the order that caused it:
 *
 *     await queue.add({ task: 'sync-order', param: 'order=1042' }, { connection })
 */
import { again } from './again.ts'
import type { Driver } from './driver.ts'
import { requireSchema } from './migrate.ts'
import { borrowMysql, type CallersConnection } from './mysql.ts'
import { checkNewTask, type NewTask, type TaskRow } from './new-task.ts'
import { type Added, addMany, addOne } from './store/add.ts'
import { DEFAULT_QUEUE_URL, openDriver } from './url.ts'
import { wakeFile, wakeWorkers } from './wake-file.ts'

export interface OpenOptions {
  /** What a relative SQLite file is relative to; default the current directory. */
  readonly directory?: string
}

export interface AddOptions {
  /** An open mysql2/promise connection to the same database: the rows become part of its transaction. */
  readonly connection?: CallersConnection
}

export interface AddResult {
  /** Undefined when it was not added. */
  readonly id: number | undefined
  /** False when an unfinished task has the same `unique`. */
  readonly added: boolean
}

export interface Queue {
  /** @throws Complaint when the task is not well-formed; writes nothing */
  check(task: NewTask): void
  /** @throws Complaint when the task is not well-formed; nothing is written then */
  add(task: NewTask, options?: AddOptions): Promise<AddResult>
  /** All or nothing is checked before the first row is written. */
  addMany(tasks: readonly NewTask[], options?: AddOptions): Promise<Added>
  close(): Promise<void>
}

const PATIENCE_MS = 30_000

/**
 * @param url  as QUEUE_URL takes it; default the variable, else `sqlite:queue.db` there
 * @throws Complaint when the database cannot be used, saying what to do
 */
export async function openQueue(url?: string, { directory = process.cwd() }: OpenOptions = {}): Promise<Queue> {
  const { db, installation } = await openNamed(url ?? process.env.QUEUE_URL ?? DEFAULT_QUEUE_URL, directory)
  const wakeFiles = new Map<string, string>()
  const wake = (rows: readonly TaskRow[]) => {
    for (const queue of new Set(rows.map((row) => row.queue))) {
      const file = wakeFiles.get(queue) ?? wakeFile(installation, queue)
      wakeFiles.set(queue, file)
      wakeWorkers(file)
    }
  }
  return {
    check(task) {
      check(db, [task])
    },
    async add(task, { connection } = {}) {
      const row = check(db, [task])[0] as TaskRow
      const id =
        connection === undefined
          ? await onceOnly(db, () => addOne(db, db.dialect, row))
          : await borrowed(connection, row)
      if (connection === undefined && id !== undefined) wake([row])
      return { id, added: id !== undefined }
    },
    async addMany(tasks, { connection } = {}) {
      const rows = check(db, tasks)
      if (connection !== undefined) {
        const lent = borrowMysql(connection)
        return addMany(lent, lent.dialect, rows)
      }
      const added = await onceOnly(db, () => db.transaction((tx) => addMany(tx, db.dialect, rows)))
      wake(rows)
      return added
    },
    close: () => db.close(),
  }
}

export interface Waiting {
  /** How long to wait for a database that cannot be reached; `Infinity` for as long as it takes. */
  readonly patienceMs: number
  /** Called once with a sentence, when it begins to wait. */
  readonly onWaiting: (sentence: string) => void
}

/**
 * The database behind a URL, with tables of the right version.
 *
 * @throws Complaint when it cannot be used; at once when waiting would not help: a wrong password, no such database, no tables
 */
export async function openDatabase(url: string, directory: string, waiting?: Waiting): Promise<Driver> {
  return (await openNamed(url, directory, waiting)).db
}

/** A database with tables of the right version. */
export interface NamedDatabase {
  readonly db: Driver
  /** The database's name for itself. */
  readonly installation: string
}

export async function openNamed(url: string, directory: string, waiting?: Waiting): Promise<NamedDatabase> {
  let said = false
  const patience = {
    forMs: waiting?.patienceMs ?? 0,
    onLost: ({ message }: Error) => {
      if (!said) waiting?.onWaiting(message)
      said = true
    },
  }
  const db = await openDriver(url, directory, patience, false)
  try {
    const installation = await again(db.dialect, patience, () => requireSchema(db))
    return { db, installation }
  } catch (error) {
    await db.close()
    throw error
  }
}

function check(db: Driver, tasks: readonly NewTask[]): TaskRow[] {
  const now = Date.now()
  return tasks.map((task) => checkNewTask(task, now, db.dialect.latestMs))
}

async function borrowed(connection: CallersConnection, row: TaskRow): Promise<number | undefined> {
  const lent = borrowMysql(connection)
  return addOne(lent, lent.dialect, row)
}

/** Done again when nothing was written. An answer that was lost is an error: adding again might add twice. */
async function onceOnly<T>(db: Driver, work: () => Promise<T>): Promise<T> {
  return again({ ...db.dialect, isConnectionLost: () => false }, { forMs: PATIENCE_MS }, work)
}
