/**
 * Bringing a database to the version of the tables that this program was written for.
 *
 * The embedded database migrates itself when it is opened. A server's tables are somebody's production: there a
 * mismatch is a sentence that names the command, and nothing is changed until it is run.
 */
import { randomUUID } from 'node:crypto'
import { Complaint, EXIT } from '../exit.ts'
import { ADDED_SETTING, addedColumn, hereCalled } from './added-column.ts'
import type { Dialect, Driver, Executor } from './driver.ts'
import { MIGRATIONS, type Migration } from './schema.ts'
import { SCHEMA_VERSION } from './schema-version.ts'

/** What is written down of an adoption until it is done. */
export const ADOPTION_SETTING = 'adoption'

/** A lock's name is known to the whole server, which may have many queues. */
const LOCK = "CONCAT('cron-mission:migrate:', LEFT(MD5(DATABASE()), 16))"
const LOCK_WAIT_SECONDS = 60
const UNNAMED = 'unknown'

/** @returns the version the tables are at; 0 when there are none */
export async function schemaVersion(db: Executor, dialect: Dialect): Promise<number> {
  return Number((await readSetting(db, dialect, 'schema_version')) ?? 0)
}

/** The migrations that this database has not seen, oldest first. */
export async function pendingMigrations(db: Driver): Promise<readonly Migration[]> {
  const version = await schemaVersion(db, db.dialect)
  return MIGRATIONS.filter((migration) => migration.version > version)
}

/** Runs what is pending; two at once do it one after the other. Returns what was run. */
export async function migrate(db: Driver): Promise<readonly Migration[]> {
  return db.dialect.migratesItself ? migrateInTransaction(db) : migrateUnderLock(db)
}

/**
 * Refuses to work on tables of another version, with the sentence that says what to do.
 *
 * @returns this installation's name, which is read with the version
 */
export async function requireSchema(db: Driver): Promise<string> {
  const settings = await readSettings(db, db.dialect, ['schema_version', 'installation', ADDED_SETTING])
  db.noteAdded?.(addedColumn(settings.get(ADDED_SETTING)))
  const version = Number(settings.get('schema_version') ?? 0)
  if (version === SCHEMA_VERSION) return settings.get('installation') ?? UNNAMED
  if (version > SCHEMA_VERSION || !db.dialect.migratesItself) throw new Complaint(EXIT.badConfig, mismatch(version))
  await migrate(db)
  return installationName(db)
}

export function mismatch(version: number): string {
  if (version === 0) return 'The database has no queue tables yet. Run "queuectl migrate" once to make them.'
  if (version < SCHEMA_VERSION) {
    return `The queue tables are at version ${version}, this program needs ${SCHEMA_VERSION}. Stop the workers and run "queuectl migrate".`
  }
  return `The queue tables are at version ${version}, newer than the ${SCHEMA_VERSION} this program knows. Update cron-mission on this host.`
}

/** This installation's name: part of every TASK_KEY, so that keys of two databases never meet. */
export async function installationName(db: Driver): Promise<string> {
  return (await readSetting(db, db.dialect, 'installation')) ?? UNNAMED
}

/** For whoever reads tables without having required their version. */
export async function readAdded(db: Driver): Promise<void> {
  db.noteAdded?.(addedColumn(await readSetting(db, db.dialect, ADDED_SETTING)))
}

async function readSetting(db: Executor, dialect: Dialect, name: string): Promise<string | undefined> {
  return (await readSettings(db, dialect, [name])).get(name)
}

async function readSettings(db: Executor, dialect: Dialect, names: readonly string[]): Promise<Map<string, string>> {
  try {
    const rows = await db.all<{ name: string; value: string }>(
      `SELECT name, value FROM setting WHERE name IN (${names.map(() => '?').join(', ')})`,
      names,
    )
    return new Map(rows.map(({ name, value }) => [name, value]))
  } catch (error) {
    if (dialect.isMissingTable(error)) return new Map()
    throw error
  }
}

async function migrateInTransaction(db: Driver): Promise<readonly Migration[]> {
  return db.transaction(async (tx) => {
    const version = await schemaVersion(tx, db.dialect)
    return runMigrations(tx, version, db.dialect)
  })
}

async function migrateUnderLock(db: Driver): Promise<readonly Migration[]> {
  return underLock(db, LOCK_WAIT_SECONDS, async (tx) => {
    const version = await schemaVersion(tx, db.dialect)
    if (version === 0) await refuseTableOfOthers(tx, db.dialect)
    return runMigrations(tx, version, db.dialect)
  })
}

/**
 * `work` while nobody else changes the tables. The lock belongs to one connection, so that connection does everything; DDL
 * commits by itself there.
 */
export async function underLock<T>(db: Driver, waitSeconds: number, work: (tx: Executor) => Promise<T>): Promise<T> {
  const locked = async (tx: Executor) => {
    const [lock] = await tx.all<{ taken: number | null }>(`SELECT GET_LOCK(${LOCK}, ?) AS taken`, [waitSeconds])
    if (Number(lock?.taken) !== 1) {
      throw new Complaint(
        EXIT.busy,
        'Another "queuectl migrate" or "adopt" is under way on this database. Wait for it to end.',
      )
    }
    try {
      return await work(tx)
    } finally {
      await tx.all(`SELECT RELEASE_LOCK(${LOCK})`)
    }
  }
  return db.transaction(locked, { slow: true })
}

/** A table of an older page, or one whose adoption was cut off, must not be taken for one that a migration began. */
async function refuseTableOfOthers(tx: Executor, dialect: Dialect): Promise<void> {
  const columns = await tx.all<{ name: string }>(
    `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'queue'`,
  )
  const isBegun = (await readSetting(tx, dialect, ADOPTION_SETTING)) !== undefined
  if (columns.length === 0 || (!isBegun && columns.some(({ name }) => name === 'claim_token'))) return
  throw new Complaint(
    EXIT.badConfig,
    'The table queue was not made by this program. Run "queuectl adopt", which shows how it is taken over.',
  )
}

async function runMigrations(tx: Executor, version: number, dialect: Dialect): Promise<readonly Migration[]> {
  if (version > SCHEMA_VERSION) throw new Complaint(EXIT.badConfig, mismatch(version))
  const pending = MIGRATIONS.filter((migration) => migration.version > version)
  const added = addedColumn(await readSetting(tx, dialect, ADDED_SETTING))
  for (const migration of pending) {
    for (const statement of migration[dialect.ddl]) await runOnce(tx, hereCalled(statement, added), dialect)
    await markVersion(tx, migration.version)
  }
  return pending
}

/** From here on our programs work with the tables. */
export async function markVersion(tx: Executor, version: number): Promise<void> {
  await tx.run("DELETE FROM setting WHERE name = 'schema_version'")
  await tx.run("INSERT INTO setting (name, value) VALUES ('schema_version', ?)", [String(version)])
  const named = await tx.all("SELECT value FROM setting WHERE name = 'installation'")
  if (named.length === 0) {
    await tx.run("INSERT INTO setting (name, value) VALUES ('installation', ?)", [randomUUID().slice(0, 8)])
  }
}

/** DDL cannot be rolled back on MySQL: what an interrupted migration had done already is there. */
export async function runOnce(tx: Executor, statement: string, dialect: Dialect): Promise<void> {
  try {
    await tx.run(statement)
  } catch (error) {
    if (!dialect.isAlreadyThere(error)) throw error
  }
}
