/**
 * What the ticks leave for each other: how far a host has decided, and since when each job has been due as it is now.
 *
 * A tick is a row of `setting` named `tick:<host>`. It is written when everything due in its minute stands in the ledger, so
 * what a tick that died had not decided is found by the next one that looks back.
 */
import type { Driver } from '../driver.ts'
import { marks } from './sql.ts'

export interface TickRow {
  readonly host: string
  /** The last minute that was decided: UTC milliseconds. */
  readonly minute: number
  /** Tells one content of a schedule from another. */
  readonly plan: string
  /** When it was written, by the database's clock. */
  readonly at: number
}

const PREFIX = 'tick:'

/** @returns the last tick of every host, and the database's clock: UTC milliseconds */
export async function tickRows(db: Driver): Promise<{ readonly ticks: TickRow[]; readonly now: number }> {
  const { dialect } = db
  const rows = await db.all<{ name: string; value: string; at: number; now: number }>(
    `SELECT name, value, ${dialect.asMs('mtime')} AS at, ${dialect.asMs(dialect.now)} AS now
       FROM setting WHERE name LIKE '${PREFIX}%'
      UNION ALL SELECT '', '', 0, ${dialect.asMs(dialect.now)}`,
  )
  const ticks = rows.filter(({ name }) => name !== '').map(({ name, value, at }) => tickRow(name, value, Number(at)))
  return { ticks, now: Number(rows[0]?.now) }
}

export async function writeTick(db: Driver, { host, minute, plan }: Omit<TickRow, 'at'>): Promise<void> {
  const value = JSON.stringify({ minute, plan })
  const name = tickName(host)
  const { changed } = await db.run(`UPDATE setting SET value = ?, mtime = ${db.dialect.now} WHERE name = ?`, [
    value,
    name,
  ])
  if (changed > 0) return
  await db.run(`INSERT INTO setting (name, value) VALUES (?, ?) ${db.dialect.orIgnore('name')}`, [name, value])
}

export interface KnownJob {
  readonly job: string
  /** A short text that changes when what the job is due at changes. */
  readonly meaning: string
  /** UTC milliseconds of the minute since which it has been so. */
  readonly since: number
}

export async function knownJobs(db: Driver): Promise<KnownJob[]> {
  const rows = await db.all<{ job: string; meaning: string; since: number }>(
    `SELECT job, meaning, ${db.dialect.asMs('since')} AS since FROM job`,
  )
  return rows.map(({ job, meaning, since }) => ({ job, meaning, since: Number(since) }))
}

/** Writes the jobs that are new or due differently now. */
export async function noteJobs(db: Driver, jobs: readonly KnownJob[]): Promise<void> {
  if (jobs.length === 0) return
  await db.transaction(async (tx) => {
    await tx.run(
      `DELETE FROM job WHERE job IN (${marks(jobs.length)})`,
      jobs.map(({ job }) => job),
    )
    for (const { job, meaning, since } of jobs) {
      await tx.run(
        `INSERT INTO job (job, meaning, since) VALUES (?, ?, ${db.dialect.fromMs('?')}) ${db.dialect.orIgnore('job')}`,
        [job, meaning, since],
      )
    }
  })
}

/** The name of a host's row in `setting`. */
export function tickName(host: string): string {
  return `${PREFIX}${host}`
}

export function tickRow(name: string, value: string, at: number): TickRow {
  const { minute, plan } = JSON.parse(value) as { minute: number; plan: string }
  return { host: name.slice(PREFIX.length), minute, plan, at }
}
