/**
 * What is remembered of incidents, between the failure of a job and its recovery: a row of `setting` for each, named
 * `incident:<job>`. Where all is well there is none.
 *
 * A row is changed by a write that names what it was before, so of many ticks that noticed the same thing one is the first,
 * and that one tells it.
 */
import type { Driver, Value } from '../driver.ts'
import { marks } from './sql.ts'

const PREFIX = 'incident:'

/** Incidents with a message that was not taken, as their text has it. */
export const UNTOLD = `name LIKE '${PREFIX}%' AND value LIKE '%"pending":[{%'`

/** What is remembered, by the name of the incident. */
export async function incidentTexts(db: Driver): Promise<Map<string, string>> {
  const rows = await db.all<{ name: string; value: string }>(
    `SELECT name, value FROM setting WHERE name LIKE '${PREFIX}%'`,
  )
  return new Map(rows.map(({ name, value }) => [name.slice(PREFIX.length), value]))
}

/**
 * @param before  undefined when there was nothing
 * @param after   undefined to forget it
 * @returns false when it was something else, and stays that
 */
export async function changeIncident(
  db: Driver,
  name: string,
  before: string | undefined,
  after: string | undefined,
): Promise<boolean> {
  const key = `${PREFIX}${name}`
  if (before === undefined) {
    if (after === undefined) return true
    return insert(db, key, after)
  }
  const { changed } =
    after === undefined
      ? await db.run('DELETE FROM setting WHERE name = ? AND value = ?', [key, before])
      : await db.run('UPDATE setting SET value = ? WHERE name = ? AND value = ?', [after, key, before])
  return changed > 0
}

async function insert(db: Driver, key: string, value: string): Promise<boolean> {
  try {
    await db.run('INSERT INTO setting (name, value) VALUES (?, ?)', [key, value])
    return true
  } catch (error) {
    if (db.dialect.isDuplicate(error)) return false
    throw error
  }
}

/** A job whose slots are asked for, by what a slot that went well looks like. */
export interface Watched {
  readonly job: string
  readonly kind: 'queue' | 'exec' | 'enqueue'
  /** Only slots of this place; undefined for all. */
  readonly place?: string | undefined
}

/** A worker of a queue that is at work still, or that is not needed, is what such a job wants. */
const WELL = {
  queue: "verdict IN ('started', 'empty', 'overlap')",
  exec: "outcome = 'done'",
  enqueue: "verdict = 'enqueued'",
} as const
const JOBS_AT_ONCE = 50

/**
 * When each job last went well, or was kept from running on purpose: UTC milliseconds.
 *
 * One range of the ledger's key for each job, from the newest slot down to the first that counts.
 */
export async function lastWell(db: Driver, jobs: readonly Watched[]): Promise<Map<string, number>> {
  const { asMs } = db.dialect
  const found = new Map<string, number>()
  for (let start = 0; start < jobs.length; start += JOBS_AT_ONCE) {
    const batch = jobs.slice(start, start + JOBS_AT_ONCE)
    const values: Value[] = []
    const branches = batch.map(({ job, kind, place }) => {
      values.push(job, ...(place === undefined ? [] : [place]))
      return db.dialect.limitedBranch(
        `SELECT job, COALESCE(${asMs('ended_at')}, ${asMs('slot_at')}) AS at FROM slot
          WHERE job = ?${place === undefined ? '' : ' AND place = ?'}
            AND (${WELL[kind]} OR verdict IN ('paused', 'stopped'))
          ORDER BY slot_at DESC LIMIT 1`,
      )
    })
    const rows = await db.all<{ job: string; at: number }>(branches.join(' UNION ALL '), values)
    for (const { job, at } of rows) found.set(job, Number(at))
  }
  return found
}

/** Since when these jobs have been due as they are now: UTC milliseconds. */
export async function dueSince(db: Driver, jobs: readonly string[]): Promise<Map<string, number>> {
  if (jobs.length === 0) return new Map()
  const rows = await db.all<{ job: string; since: number }>(
    `SELECT job, ${db.dialect.asMs('since')} AS since FROM job WHERE job IN (${marks(jobs.length)})`,
    jobs,
  )
  return new Map(rows.map(({ job, since }) => [job, Number(since)]))
}
