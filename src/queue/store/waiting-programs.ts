/**
 * Which task programs are named by what waits: of the tasks that come next in every bucket of a queue, and of those scheduled
 * soonest. A sample, so that a million tasks cost no more than a thousand.
 */
import { BUCKETS } from '../bucket.ts'
import type { Driver } from '../driver.ts'
import { limited } from './sql.ts'

export interface WaitingProgram {
  readonly task: string
  readonly queue: string
  /** One of the tasks that name it. */
  readonly firstId: number
  /** In the sample. */
  readonly count: number
}

const OF_A_BUCKET = 5
const SCHEDULED = 300

export async function readyPrograms(db: Driver, queue: string): Promise<WaitingProgram[]> {
  const { dialect } = db
  const heads = Array.from({ length: BUCKETS }, (_, bucket) =>
    dialect.limitedBranch(
      `SELECT id FROM queue ${dialect.useIndex('queue_claim')}
        WHERE queue = ? AND status = 0 AND bucket = ${bucket} ORDER BY priority, id LIMIT ${limited(OF_A_BUCKET)}`,
    ),
  )
  const rows = await db.all<Row>(
    `SELECT task, queue.queue, MIN(queue.id) AS first_id, COUNT(*) AS count
       FROM (${heads.join(' UNION ALL ')}) AS heads INNER JOIN queue ON queue.id = heads.id
      GROUP BY task, queue.queue`,
    new Array(BUCKETS).fill(queue),
  )
  return rows.map(programOf)
}

export async function scheduledPrograms(db: Driver): Promise<WaitingProgram[]> {
  const rows = await db.all<Row>(
    `SELECT task, queue, MIN(id) AS first_id, COUNT(*) AS count
       FROM (SELECT id, task, queue FROM queue ${db.dialect.useIndex('queue_due')}
              WHERE is_scheduled = 1 ORDER BY run_at LIMIT ${limited(SCHEDULED)}) AS soonest
      GROUP BY task, queue`,
  )
  return rows.map(programOf)
}

interface Row {
  task: string
  queue: string
  first_id: number
  count: number
}

function programOf({ task, queue, first_id, count }: Row): WaitingProgram {
  return { task, queue, firstId: Number(first_id), count: Number(count) }
}
