/**
 * A worker that finds nothing to do: most starts of most crontabs.
 *
 * It takes no seat and starts nothing. It asks one question, writes its two lines to the day log, and leaves. It looks at
 * all that a worker looks at before it leaves: whenever anything is not as it is when there is nothing to do, an error
 * included, nothing is decided here and the whole worker is run. That goes on with the database as it was opened here.
 */
import { accessSync, constants, readdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { DayLog } from '../../log/day-log.ts'
import { BUCKETS, bucketsOf } from '../../queue/bucket.ts'
import type { Driver } from '../../queue/driver.ts'
import { SCHEMA_VERSION } from '../../queue/schema-version.ts'
import { glanceAtWork } from '../../queue/store/glance-at-work.ts'
import { runningMs } from '../../time/running.ts'
import { plainFlags } from '../plain-flags.ts'
import { describeShards } from '../shards.ts'
import type { Passed } from '../start.ts'
import { type Plan, planOf } from './do-queue-plan.ts'
import { type Deeds, facts, print } from './do-queue-summary.ts'
import { glanceAtDatabase } from './glance-database.ts'

const TEXT = { type: 'string' } as const
const SWITCH = { type: 'boolean' } as const

/**
 * What a quiet worker understands. Who watches, tries out, narrows the rows, is started for a slot of the schedule or for a
 * job's command, or asks for a priority has more to do than to look.
 */
const QUIET_FLAGS = {
  ...{
    queue: TEXT,
    total: TEXT,
    shard: TEXT,
    concurrency: TEXT,
    batch: TEXT,
    'per-key': TEXT,
    limit: TEXT,
    'max-time': TEXT,
  },
  ...{ timeout: TEXT, grace: TEXT, retry: TEXT, crash: TEXT, job: TEXT, fail: SWITCH, quiet: SWITCH, json: SWITCH },
  ...{ warm: SWITCH, 'warm-tasks': TEXT, 'warm-age': TEXT, 'warm-memory': TEXT },
  ...{ 'log-format': TEXT, directory: TEXT, url: TEXT },
} as const

const NOTHING: Deeds = { done: 0, retried: 0, failed: 0, cancelled: 0, held: 0, lost: 0, ending: 'empty' }

/** An open database whose tables are of the right version, and what was seen there a moment ago. */
export interface OpenedQueue {
  readonly db: Driver
  /** The database's name for itself. */
  readonly installation: string
  /** A queue or a task program is paused, or was until lately; or a job is stopped. */
  readonly isHalted: boolean
}

/**
 * @param handOn  called with the database when there is something to do: from then on it is the whole worker's
 * @returns undefined when there is something to do, and nothing was said
 */
export async function passQuietly(
  args: readonly string[],
  handOn: (opened: OpenedQueue) => void,
): Promise<Passed | undefined> {
  const flags = plainFlags(args, QUIET_FLAGS)
  if (flags === undefined) return undefined
  const startedAt = runningMs()
  try {
    const plan = planOf(flags)
    const { stateDirectory, queueUrl, directory } = plan.settings
    accessSync(stateDirectory, constants.R_OK | constants.W_OK)
    const glanced = await glanceAtDatabase(
      queueUrl,
      directory,
      (db) => look(db, plan),
      (answer) => answer !== 'nothing',
    )
    if (glanced === undefined) return undefined
    if (glanced.answer !== 'nothing') {
      handOn(glanced.answer)
      return undefined
    }
    const seconds = (runningMs() - startedAt) / 1_000
    const log = note(plan, seconds)
    print(plan, log, NOTHING, seconds)
    log.close()
    return { hasPrinted: plan.print !== 'nothing', leave: glanced.leave }
  } catch {
    return undefined
  }
}

/** @returns undefined when these are not tables that a worker can use as they are */
async function look(
  db: Driver,
  { settings, queue, total, shards }: Plan,
): Promise<'nothing' | OpenedQueue | undefined> {
  const buckets = bucketsOf(total, shards)
  const found = await glanceAtWork(db, queue, buckets.length === BUCKETS ? undefined : buckets)
  const { schemaVersion, installation, isReady, isDue, isHalted, hasStrays, hasWorkers } = found
  if (schemaVersion !== SCHEMA_VERSION || installation === undefined) return undefined
  const opened = { db, installation, isHalted }
  if (isReady || isDue || isHalted || hasStrays) return opened
  const living = hasWorkers ? await livingWorkers(db, queue) : []
  if (living === undefined || !isNothingLeft(settings.stateDirectory, installation, living)) return opened
  return 'nothing'
}

/** @returns the ids of the workers of other queues; undefined when one is of ours, or may be dead */
async function livingWorkers(db: Driver, queue: string): Promise<readonly number[] | undefined> {
  const { workerRows } = await import('../../queue/store/worker-row.ts')
  const { isGone } = await import('../../host/identity.ts')
  const rows = await workerRows(db)
  const isElsewhere = rows.every((row) => row.queue !== queue && !row.leaseOver && !isGone(row))
  return isElsewhere ? rows.map(({ workerId }) => workerId) : undefined
}

/** Every directory of a worker is a living one's: of others somebody has to look what is in them. */
function isNothingLeft(stateDirectory: string, installation: string, living: readonly number[]): boolean {
  const prefix = `worker-${installation}-`
  const known = new Set(living.map((id) => `${prefix}${id}`))
  return readdirSync(stateDirectory).every((name) => !name.startsWith(prefix) || known.has(name))
}

/** As the whole worker's, without the number of a seat that it did not take. */
function note({ settings, queue, total, shards, concurrency }: Plan, seconds: number): DayLog {
  const log = new DayLog({
    directory: settings.logsDirectory,
    name: 'do-queue',
    zone: settings.timezone,
    format: settings.logFormat,
    source: { host: hostname(), pid: process.pid, shard: describeShards(shards, total) },
  })
  log.eventSoon('worker-start', { queue, concurrency: concurrency ?? shards.length })
  log.event('worker-end', { ...facts(NOTHING), seconds: Number(seconds.toFixed(3)) })
  return log
}
