/** How many tasks run, by queue and task: few enough to be read, unless something is very wrong. */
import type { Driver } from '../driver.ts'
import type { Bounded } from './bounded.ts'
import { limited } from './sql.ts'

export interface RunningCount {
  readonly queue: string
  readonly task: string
  readonly count: Bounded
}

const RUNNING_CAP = 10_000

export async function runningByTask(db: Driver): Promise<RunningCount[]> {
  const { useIndex, runningIndex } = db.dialect
  const rows = await db.all<{ queue: string; task: string; counted: number }>(
    `SELECT queue, task, COUNT(*) AS counted FROM (
       SELECT queue, task FROM queue ${useIndex(runningIndex)}
        WHERE status = 2 LIMIT ${limited(RUNNING_CAP + 1)}) AS running
      GROUP BY queue, task`,
  )
  const all = rows.reduce((sum, { counted }) => sum + Number(counted), 0)
  const isExact = all <= RUNNING_CAP
  return rows.map(({ queue, task, counted }) => ({
    ...{ queue, task },
    count: { count: Number(counted), isExact, isLeast: !isExact },
  }))
}
