/**
 * Migrations as a script, for whoever may give nobody the right to change tables: run by hand it leaves what `queuectl migrate`
 * would have left.
 */
import type { Dialect } from './driver.ts'
import { MIGRATIONS, type Migration } from './schema.ts'

type Ddl = Dialect['ddl']

/** Eight random digits, made by the database itself: a script that is run in two databases makes two installations. */
const RANDOM_NAME: Readonly<Record<Ddl, string>> = {
  mysql: 'LEFT(SHA2(CONCAT(UUID(), RAND()), 256), 8)',
  sqlite: 'lower(hex(randomblob(4)))',
}

/** From nothing to the tables of this program. */
export function schemaScript(ddl: Ddl): string {
  return migrationScript(ddl, MIGRATIONS)
}

/** @param migrations  those that a database has not seen, oldest first */
export function migrationScript(ddl: Ddl, migrations: readonly Migration[]): string {
  return migrations.map((migration) => scriptOf(ddl, migration)).join('\n')
}

function scriptOf(ddl: Ddl, migration: Migration): string {
  const { version, title } = migration
  const statements = [...migration[ddl], ...marks(ddl, version)].map((statement) => `${statement};\n`)
  return `-- version ${version}: ${title}\n${statements.join('\n')}`
}

/** Without these rows our programs take the tables for those of another version. */
function marks(ddl: Ddl, version: number): string[] {
  const isFirst = version === MIGRATIONS[0]?.version
  const installation = `INSERT INTO setting (name, value) VALUES ('installation', ${RANDOM_NAME[ddl]})`
  return [
    ...(isFirst ? [installation] : []), // first, so that a second run ends here, and leaves the version of what is there
    "DELETE FROM setting WHERE name = 'schema_version'",
    `INSERT INTO setting (name, value) VALUES ('schema_version', '${version}')`,
  ]
}
