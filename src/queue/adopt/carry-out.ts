/**
 * Carrying an adoption out, under the lock of migrations. Every step looks at what is there, so the same call goes on after a
 * crash of ours or of the server. Until the last of them the database has no version, so no worker starts.
 */
import { Complaint, EXIT } from '../../exit.ts'
import { ADDED_SETTING } from '../added-column.ts'
import type { Dialect, Driver, Executor } from '../driver.ts'
import { ADOPTION_SETTING, markVersion, runOnce, underLock } from '../migrate.ts'
import { MIGRATIONS } from '../schema.ts'
import { SCHEMA_VERSION } from '../schema-version.ts'
import { limited } from '../store/sql.ts'
import { stepsAfter, stepsBefore } from './adopt-steps.ts'
import { type Adoption, type Begun, readBegun, writeBegun } from './adoption.ts'
import { goThroughRows } from './go-through-rows.ts'
import { type OldTable, readOldTable } from './old-table.ts'
import { runStep } from './run-step.ts'

export interface CarryOut {
  readonly adoption: Adoption
  /** Also what producers have to wait for. */
  readonly mayCopy: boolean
  readonly stop?: AbortSignal | undefined
  readonly onStep?: (does: string) => void
  readonly onRows?: (count: number) => void
}

const LOCK_WAIT_SECONDS = 1
const STRAYS_AT_ONCE = 1_000

/** @returns whether it is done; false when it was asked to stop */
export async function carryOut(db: Driver, request: CarryOut): Promise<boolean> {
  return underLock(db, LOCK_WAIT_SECONDS, async (tx) => {
    await makeOtherTables(tx, db.dialect)
    const begun = await begin(tx, db.dialect, request.adoption)
    for (const step of stepsBefore(await liveTable(tx), begun.adoption)) {
      request.onStep?.(step.does)
      await runStep(tx, step, request.mayCopy)
    }
    const isThrough = await goThroughRows(db, {
      ...{ table: await liveTable(tx), ...begun, stop: request.stop, onRows: request.onRows },
      between: () => tx.run('DO 0'), // a connection that only holds the lock would be closed one day
    })
    if (!isThrough) return false
    for (const step of stepsAfter(await liveTable(tx), begun.adoption.added)) {
      request.onStep?.(step.does)
      await runStep(tx, step, request.mayCopy)
    }
    await refuseStrays(db)
    await end(tx, begun.adoption)
    return true
  })
}

async function liveTable(tx: Executor): Promise<OldTable> {
  const table = await readOldTable(tx, 'queue')
  if (table === undefined) throw new Error('The table queue is gone')
  return table
}

async function begin(tx: Executor, dialect: Dialect, adoption: Adoption): Promise<Begun> {
  const before = await readBegun(tx, dialect)
  if (before !== undefined) return before
  const begun = { adoption, cursor: 0 }
  await writeBegun(tx, begun)
  await tx.run('COMMIT')
  return begun
}

async function makeOtherTables(tx: Executor, dialect: Dialect): Promise<void> {
  for (const statement of MIGRATIONS.flatMap((migration) => migration[dialect.ddl])) {
    if (!/^(?:CREATE TABLE IF NOT EXISTS|ALTER TABLE) queue\b/.test(statement)) await runOnce(tx, statement, dialect)
  }
}

/**
 * Rows that were set to 1 behind us were done by somebody else, who would run what our workers run. They are mended, and told
 * of instead of letting workers begin.
 */
async function refuseStrays(db: Driver): Promise<void> {
  let mended = 0
  for (;;) {
    const rows = await db.all<{ id: number }>(
      `SELECT id FROM queue FORCE INDEX (queue_finished) WHERE finished_at IS NULL AND status = 1 LIMIT ${limited(STRAYS_AT_ONCE)}`,
    )
    if (rows.length === 0) break
    const ids = rows.map(({ id }) => Number(id))
    await db.run(
      `UPDATE queue SET finished_at = CURRENT_TIMESTAMP(3), attempts = 1
        WHERE id IN (${ids.map(() => '?').join(', ')}) AND finished_at IS NULL AND status = 1`,
      ids,
    )
    mended += rows.length
  }
  if (mended === 0) return
  throw new Complaint(
    EXIT.busy,
    `Somebody has set ${mended} of the rows to 1 meanwhile: an old doQueue still runs. Take its line out of the crontab, wait for it to end, and give the same command again.`,
  )
}

/** In one transaction: either it is ours, or it is still to be ended. */
async function end(tx: Executor, { added }: Adoption): Promise<void> {
  await tx.run('SET SESSION autocommit = 0')
  if (added !== 'ctime') {
    await tx.run('INSERT INTO setting (name, value) VALUES (?, ?) ON DUPLICATE KEY UPDATE value = VALUES(value)', [
      ADDED_SETTING,
      added,
    ])
  }
  await markVersion(tx, SCHEMA_VERSION)
  await tx.run('DELETE FROM setting WHERE name = ?', [ADOPTION_SETTING])
  await tx.run('COMMIT')
  await tx.run('SET SESSION autocommit = 1')
}
