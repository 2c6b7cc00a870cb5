/**
 * The rows of `npm run bench -- claim`: a table of ours, and one as a loop written by hand needs it, both with the same rows.
 *
 * The server makes the rows itself; sent one by one they would take hours. Nor are the indexes kept up row by row, which would
 * read and write a page for each of them once they have no room in memory: they are taken away, and built when the rows are there.
 * The ids of what is finished come before those of what is ready, as they do in life. What a load leaves to do, pages to write and
 * versions to remove, is waited for.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Driver } from '../src/queue/driver.ts'
import type { WayName } from './claim-ways.ts'

export type TableName = 'queue' | 'by_hand'

export const TABLE_OF = { ours: 'queue', old: 'by_hand', 'skip-locked': 'by_hand' } as const satisfies Record<
  WayName,
  TableName
>

/** How many rows there are beside those that are ready. */
export interface Beside {
  readonly finished: number
  readonly scheduled: number
}

const TABLES = ['queue', 'by_hand'] as const satisfies readonly TableName[]
const ROWS_AT_ONCE = 250_000
/** Bytes that a row and its entries in all indexes take on the disk, in both tables and for the moment of a load. */
const BYTES_PER_ROW = 700
const DAY_S = 86_400
const FEW_PAGES = 200
const FEW_VERSIONS = 2_000
const LONGEST_WAIT_MS = 120_000

export function bytesFor(rows: number): number {
  return rows * BYTES_PER_ROW
}

/** The table that the two ways written by hand have: no more columns than they use, and the index that SKIP LOCKED wants. */
export async function createByHand(db: Driver): Promise<void> {
  await db.run(
    `CREATE TABLE by_hand (
       id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
       status TINYINT UNSIGNED NOT NULL DEFAULT 0,
       priority SMALLINT NOT NULL DEFAULT 0,
       task VARCHAR(128) NOT NULL,
       param TEXT NOT NULL,
       ctime TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
       finished_at TIMESTAMP(3) NULL DEFAULT NULL,
       KEY ready (status, priority, id)
     ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`,
  )
}

/** Many rows at once, by `load`, into tables whose indexes are built afterwards. */
export async function withIndexesLast(db: Driver, load: () => Promise<unknown>): Promise<void> {
  const indexes = new Map<TableName, readonly string[]>()
  for (const table of TABLES) indexes.set(table, await indexesOf(db, table))
  await alter(db, indexes, (index) => `DROP ${index.replace(/^(UNIQUE )?KEY (`\w+`).*/, 'INDEX $2')}`)
  await load()
  await alter(db, indexes, (index) => `ADD ${index}`)
}

/** As the server writes them: KEY `name` (`column`, …). */
async function indexesOf(db: Driver, table: TableName): Promise<string[]> {
  const [row] = await db.all<Record<string, string>>(`SHOW CREATE TABLE ${table}`)
  const lines = (row?.['Create Table'] ?? '').split('\n')
  return lines.map((line) => line.trim().replace(/,$/, '')).filter((line) => /^(UNIQUE )?KEY /.test(line))
}

async function alter(
  db: Driver,
  indexes: ReadonlyMap<TableName, readonly string[]>,
  change: (index: string) => string,
): Promise<void> {
  const slow = [...indexes].map(([table, all]) => `ALTER TABLE ${table} ${all.map(change).join(', ')}`)
  for (const sql of slow) await db.transaction((tx) => tx.run(sql), { slow: true })
}

/** @param firstId  of the first one; undefined for behind all that there are */
export async function addReady(db: Driver, table: TableName, count: number, firstId?: number): Promise<void> {
  const own = table === 'queue' ? { names: ', bucket', values: ', FLOOR(RAND() * 60)' } : { names: '', values: '' }
  const first = firstId ?? (await nextId(db, table))
  await insert(
    db,
    count,
    `INSERT INTO ${table} (id, task, param${own.names}) SELECT ${first} + seq, 'send-msg', CONCAT('uid=', seq)${own.values}`,
  )
}

/** Ids from 1 on: finished over the last thirty days, then scheduled for the next thirty. */
export async function addBeside(db: Driver, { finished, scheduled }: Beside): Promise<void> {
  const ago = (of: number) => `NOW(3) - INTERVAL FLOOR((${of} - seq) * ${(30 * DAY_S) / of}) SECOND`
  const ours = insert(
    db,
    finished,
    `INSERT INTO queue (id, task, param, bucket, status, attempts, claim_token, worker_id, exit_code, cpu_ms, log_file, log_offset,
                        log_bytes, ctime, run_at, started_at, finished_at)
     SELECT seq + 1, 'send-msg', CONCAT('uid=', seq), FLOOR(RAND() * 60), 1, 1, seq, 1, 0, 2, 'do-queue-2026-01-01.log', seq * 100,
            100, ${ago(finished)}, ${ago(finished)}, ${ago(finished)}, ${ago(finished)}`,
  )
  const byHand = insert(
    db,
    finished,
    `INSERT INTO by_hand (id, task, param, status, ctime, finished_at)
     SELECT seq + 1, 'send-msg', CONCAT('uid=', seq), 1, ${ago(finished)}, ${ago(finished)}`,
  )
  await Promise.all([ours, byHand])
  await insert(
    db,
    scheduled,
    `INSERT INTO queue (id, task, param, bucket, status, run_at)
     SELECT ${finished} + seq + 1, 'send-msg', CONCAT('uid=', seq), FLOOR(RAND() * 60), 4,
            NOW(3) + INTERVAL 1 + FLOOR(seq * ${(30 * DAY_S) / Math.max(1, scheduled)}) SECOND + INTERVAL 1 HOUR`,
  )
}

async function nextId(db: Driver, table: TableName): Promise<number> {
  const [row] = await db.all<{ last: number | null }>(`SELECT MAX(id) AS last FROM ${table}`)
  return Number(row?.last ?? 0) + 1
}

/**
 * By two connections, because it is the server's CPU that takes the time.
 *
 * @param insertSelect  its rows are numbered by `seq`, from 0 on
 */
async function insert(db: Driver, count: number, insertSelect: string): Promise<void> {
  let next = 0
  const load = async () => {
    while (next < count) {
      const [from, last] = [next, Math.min(count, next + ROWS_AT_ONCE) - 1]
      next = last + 1
      await db.transaction((tx) => tx.run(`${insertSelect} FROM seq_${from}_to_${last}`), { slow: true })
    }
  }
  await Promise.all([load(), load()])
}

/** Until the server has written what it was given, and removed what nobody can see any more. */
export async function settle(db: Driver): Promise<void> {
  await db.run('ANALYZE TABLE queue, by_hand')
  await db.run('SET GLOBAL innodb_max_dirty_pages_pct = 0')
  const giveUpAt = performance.now() + LONGEST_WAIT_MS
  while (performance.now() < giveUpAt) {
    const pages = await status(db, 'Innodb_buffer_pool_pages_dirty')
    if (pages < FEW_PAGES && (await status(db, 'Innodb_history_list_length')) < FEW_VERSIONS) break
    await sleep(200)
  }
  await db.run('SET GLOBAL innodb_max_dirty_pages_pct = 90')
}

/** Rows and entries of indexes that the server has read since it began. */
export async function rowsRead(db: Driver): Promise<number> {
  const rows = await db.all<{ Value: string }>("SHOW GLOBAL STATUS LIKE 'Handler_read%'")
  return rows.reduce((sum, { Value }) => sum + Number(Value), 0)
}

async function status(db: Driver, name: string): Promise<number> {
  const [row] = await db.all<{ Value: string }>(`SHOW GLOBAL STATUS LIKE '${name}'`)
  return Number(row?.Value)
}
