/** `queuectl schema`: the statements that make the tables, for a database that only its administrator may change. */
import type { Dialect } from '../queue/driver.ts'
import { MIGRATIONS } from '../queue/schema.ts'
import { schemaScript } from '../queue/schema-script.ts'
import { SCHEMA_VERSION } from '../queue/schema-version.ts'

const TITLES: Readonly<Record<Dialect['ddl'], string>> = { mysql: 'MySQL and MariaDB', sqlite: 'SQLite' }

/** @returns a script that makes the tables in a database without any */
export function schemaText(ddl: Dialect['ddl']): string {
  return [
    `-- The tables of cron-mission, version ${SCHEMA_VERSION}, for ${TITLES[ddl]}: run it once, in an empty database.`,
    '-- The programs then need no more than SELECT, INSERT, UPDATE and DELETE.',
    '',
    schemaScript(ddl),
  ].join('\n')
}

export function schemaFacts(ddl: Dialect['ddl']): object {
  const migrations = MIGRATIONS.map((it) => ({ version: it.version, title: it.title, statements: it[ddl] }))
  return { for: ddl, version: SCHEMA_VERSION, migrations, script: schemaScript(ddl) }
}
