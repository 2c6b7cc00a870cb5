/** `queuectl migrate`: shows or runs the migrations that a database has not seen. */
import type { Driver } from '../queue/driver.ts'
import { migrate, pendingMigrations } from '../queue/migrate.ts'
import type { Migration } from '../queue/schema.ts'
import { SCHEMA_VERSION } from '../queue/schema-version.ts'

export interface MigrateOptions {
  readonly dryRun: boolean
  readonly print: 'text' | 'json'
}

/** @returns what to print */
export async function runMigrate(db: Driver, { dryRun, print }: MigrateOptions): Promise<string> {
  const migrations = dryRun ? await pendingMigrations(db) : await migrate(db)
  if (print === 'json')
    return `${JSON.stringify({ version: SCHEMA_VERSION, [dryRun ? 'pending' : 'run']: migrations.map(fact) })}\n`
  if (migrations.length === 0) return `The tables are at version ${SCHEMA_VERSION}; nothing to do.\n`
  const statements = (it: Migration) => it[db.dialect.ddl].map((statement) => `${statement};\n`).join('\n')
  if (dryRun) return migrations.map((it) => `-- version ${it.version}: ${it.title}\n${statements(it)}`).join('\n')
  return migrations.map((it) => `version ${it.version}: ${it.title}\n`).join('')
}

function fact({ version, title }: Migration) {
  return { version, title }
}
