/**
 * What is in the tables: what was left behind, what waits and for whom, what is kept. Bounded looks, each on its own.
 */

import { grouped } from '../../amount.ts'
import { type Finding, note } from '../../doctor/finding.ts'
import { BUCKETS } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { isExecQueue } from '../../queue/exec-queue.ts'
import { type QueueDepth, queueDepths } from '../../queue/store/depth.ts'
import { examinerOf } from '../../queue/store/examine/examiner.ts'
import {
  attemptsWithoutTask,
  doneWithoutTime,
  heldByCommands,
  keptSince,
  overdue,
  runningWithoutWorker,
  silentWorkers,
} from '../../queue/store/left-behind.ts'
import { look } from '../../queue/store/look.ts'
import { begunMoves } from '../../queue/store/move-out.ts'
import { queuePauseRows } from '../../queue/store/queue-pause.ts'
import { REHEARSAL_QUEUE } from '../../queue/store/rehearsal.ts'
import { hasTasks } from '../../queue/store/table-rows.ts'
import { sumTally, tallySince } from '../../queue/store/tally.ts'
import { readyPrograms, scheduledPrograms } from '../../queue/store/waiting-programs.ts'
import { workerRows } from '../../queue/store/worker-row.ts'
import { DAY_MS } from '../../time/units.ts'
import type { Examination } from './examine.ts'
import {
  attemptFindings,
  CLEARED_UP_MS,
  heldFindings,
  overdueFindings,
  PROMOTED_MS,
  silentFindings,
  statelessFindings,
  strayFindings,
  timelessFindings,
} from './left-behind.ts'
import { programFindings } from './programs.ts'
import { MANY, OLD_MS, retentionFindings } from './retention.ts'
import { lookFindings, SLOW_LOOK_MS } from './server-load.ts'
import { type PlannedQueues, waitingFindings } from './waiting.ts'

/** What only this host can tell. */
export interface Surroundings {
  readonly plannedQueues: PlannedQueues
  /** The job of the schedule that deletes what finished, where one does. */
  readonly purgeJob: string | undefined
  /** Why a task's program cannot be started here: a clause; undefined when it can. */
  readonly whyNot: (task: string) => string | undefined
}

/** Looks, and makes a finding of what keeps it from that. */
type Attempt = (check: string, look: () => Promise<Examination>) => Promise<Examination>

const DEPTH_CAP = 1_000
const MOST_QUEUES = 20
const LOOK_FOR = 100
const LOOKS = 3
/** A table with fewer is read whole at no cost. */
const SMALL_TABLE = 1_000
const STALE_FACTOR = 10
const STALE_ROWS = 5_000

export async function examineContents(db: Driver, around: Surroundings, attempt: Attempt): Promise<Examination> {
  let depths: readonly QueueDepth[] = []
  const parts = [
    await attempt('statistics', async () => one(await statisticsFindings(db))),
    await attempt('workers', async () => one(strayFindings(await runningWithoutWorker(db, CLEARED_UP_MS)))),
    await attempt('workers', async () => one(silentFindings(await silentWorkers(db, CLEARED_UP_MS)))),
    await attempt('tasks', async () => one(overdueFindings(await overdue(db, PROMOTED_MS)))),
    await attempt('tasks', async () => one(statelessFindings(await examinerOf(db.dialect).firstStateless?.(db)))),
    await attempt('tasks', async () => one(attemptFindings(await attemptsWithoutTask(db)))),
    await attempt('tasks', async () => one(timelessFindings(await doneWithoutTime(db)))),
    await attempt('tasks', async () => one(await commandFindings(db))),
    await attempt('queues', async () => {
      depths = (await queueDepths(db, DEPTH_CAP)).filter(({ queue }) => queue !== REHEARSAL_QUEUE)
      return one(await waitingInVain(db, depths, around))
    }),
    await attempt('transactions', async () => one(await slowLook(db, depths))),
    await attempt('programs', async () => one(await missingPrograms(db, depths, around))),
    await attempt('purge', async () => one(await keptForLong(db, around))),
  ]
  return { findings: parts.flatMap(({ findings }) => findings), checks: parts.length }
}

function one(findings: readonly Finding[]): Examination {
  return { findings, checks: 1 }
}

/** A table that the optimizer takes for tiny is read whole. */
async function statisticsFindings(db: Driver): Promise<Finding[]> {
  const { believedRows, freshStatistics } = examinerOf(db.dialect)
  const believed = await believedRows?.(db, 'queue')
  if (believed === undefined || believed >= SMALL_TABLE) return []
  const many = believed * STALE_FACTOR + STALE_ROWS
  if (!(await hasTasks(db, many))) return []
  const fix = freshStatistics('queue')
  return [
    note(
      'statistics',
      `The database believes that the table queue has about ${grouped(believed)} rows, and it has over ${grouped(many)}: it may read all where an index would do. Run "${fix}".`,
      fix,
    ),
  ]
}

async function commandFindings(db: Driver): Promise<Finding[]> {
  const held = await heldByCommands(db)
  if (held.length === 0) return []
  const pauses = (await queuePauseRows(db)).map(({ pause }) => pause)
  return heldFindings(held, pauses, await begunMoves(db))
}

async function waitingInVain(
  db: Driver,
  depths: readonly QueueDepth[],
  { plannedQueues }: Surroundings,
): Promise<Finding[]> {
  const live = (await workerRows(db)).filter(({ leaseOver }) => !leaseOver)
  const pauses = (await queuePauseRows(db)).flatMap(({ pause, overMs }) => (overMs === undefined ? pause : []))
  return waitingFindings(depths, new Set(live.map(({ queue }) => queue)), plannedQueues, pauses)
}

/** The real one, where it has the most to read. A slow one may have had to fetch from the disk, and is done again. */
async function slowLook(db: Driver, depths: readonly QueueDepth[]): Promise<Finding[]> {
  const [longest] = depths.toSorted((a, b) => b.ready.count - a.ready.count)
  if (longest === undefined || longest.ready.count === 0) return []
  const buckets = Array.from({ length: BUCKETS }, (_, bucket) => bucket)
  let fastestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < LOOKS && fastestMs > SLOW_LOOK_MS; i++) {
    const begunAt = performance.now()
    await look(db, { queue: longest.queue, buckets, workerId: 0 }, LOOK_FOR)
    fastestMs = Math.min(fastestMs, performance.now() - begunAt)
  }
  return lookFindings(longest.queue, fastestMs)
}

/** The program of a command's queue is the command itself. */
async function missingPrograms(
  db: Driver,
  depths: readonly QueueDepth[],
  { whyNot }: Surroundings,
): Promise<Finding[]> {
  const queues = depths.filter(({ queue, ready }) => ready.count > 0 && !isExecQueue(queue)).slice(0, MOST_QUEUES)
  const programs = await scheduledPrograms(db)
  for (const { queue } of queues) programs.push(...(await readyPrograms(db, queue)))
  return programFindings(
    programs.filter(({ queue }) => !isExecQueue(queue)),
    whyNot,
  )
}

async function keptForLong(db: Driver, { purgeJob }: Surroundings): Promise<Finding[]> {
  const kept = await keptSince(db, OLD_MS, MANY)
  if (kept === undefined || kept.count < MANY) return []
  const now = Date.now()
  const day = await sumTally(db, { since: tallySince(now - DAY_MS, now) })
  const finished = day.filter(({ ending }) => ['done', 'failed', 'cancelled'].includes(ending))
  return retentionFindings(
    kept,
    finished.reduce((sum, { attempts }) => sum + attempts, 0),
    purgeJob,
  )
}
