/**
 * Bringing a database to the version of the tables that this program was written for.
 *
 * The embedded database migrates itself when it is opened. A server's tables are somebody's production: there a
 * mismatch is a sentence that names the command, and nothing is changed until it is run.
 */
import { randomUUID } from 'node:crypto'
import { Complaint, EXIT } from '../exit.ts'
import type { Dialect, Driver, Executor } from './driver.ts'
import { MIGRATIONS, type Migration } from './schema.ts'
import { SCHEMA_VERSION } from './schema-version.ts'

const LOCK = 'cron-mission:migrate'
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
  const settings = await readSettings(db, db.dialect, ['schema_version', 'installation'])
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
  // The lock belongs to one connection, so that connection does everything; DDL commits by itself there.
  const work = async (tx: Executor) => {
    const [lock] = await tx.all<{ taken: number | null }>('SELECT GET_LOCK(?, ?) AS taken', [LOCK, LOCK_WAIT_SECONDS])
    if (Number(lock?.taken) !== 1) {
      throw new Complaint(EXIT.busy, 'Another "queuectl migrate" is under way on this database. Wait for it to end.')
    }
    try {
      return await runMigrations(tx, await schemaVersion(tx, db.dialect), db.dialect)
    } finally {
      await tx.all('SELECT RELEASE_LOCK(?)', [LOCK])
    }
  }
  return db.transaction(work, { slow: true })
}

async function runMigrations(tx: Executor, version: number, dialect: Dialect): Promise<readonly Migration[]> {
  if (version > SCHEMA_VERSION) throw new Complaint(EXIT.badConfig, mismatch(version))
  const pending = MIGRATIONS.filter((migration) => migration.version > version)
  for (const migration of pending) {
    for (const statement of migration[dialect.ddl]) await runOnce(tx, statement, dialect)
    await tx.run("DELETE FROM setting WHERE name = 'schema_version'")
    await tx.run("INSERT INTO setting (name, value) VALUES ('schema_version', ?)", [String(migration.version)])
  }
  const named = await tx.all("SELECT value FROM setting WHERE name = 'installation'")
  if (named.length === 0) {
    await tx.run("INSERT INTO setting (name, value) VALUES ('installation', ?)", [randomUUID().slice(0, 8)])
  }
  return pending
}

/** DDL cannot be rolled back on MySQL: what an interrupted migration had done already is there. */
async function runOnce(tx: Executor, statement: string, dialect: Dialect): Promise<void> {
  try {
    await tx.run(statement)
  } catch (error) {
    if (!dialect.isAlreadyThere(error)) throw error
  }
}
