/** `queuectl migrate`: shows or runs the migrations that a database has not seen. */

import type { Driver } from '../queue/driver.ts'
import { migrate, pendingMigrations } from '../queue/migrate.ts'
import type { Migration } from '../queue/schema.ts'
import { migrationScript } from '../queue/schema-script.ts'
import { SCHEMA_VERSION } from '../queue/schema-version.ts'
import { jsonText } from './json-lines.ts'

export interface MigrateOptions {
  readonly dryRun: boolean
  readonly print: 'text' | 'json'
}

/** @returns what to print */
export async function runMigrate(db: Driver, { dryRun, print }: MigrateOptions): Promise<string> {
  const migrations = dryRun ? await pendingMigrations(db) : await migrate(db)
  if (print === 'json')
    return jsonText([{ version: SCHEMA_VERSION, [dryRun ? 'pending' : 'run']: migrations.map(fact) }])
  if (migrations.length === 0) return `The tables are at version ${SCHEMA_VERSION}; nothing to do.\n`
  if (dryRun) return migrationScript(db.dialect.ddl, migrations)
  return migrations.map((it) => `version ${it.version}: ${it.title}\n`).join('')
}

function fact({ version, title }: Migration) {
  return { version, title }
}
