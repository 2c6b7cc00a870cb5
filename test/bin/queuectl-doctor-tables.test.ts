/**
 * Tables, and the file, that are not as our migrations make them. What the doctor says mends it, does.
 */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import test, { type TestContext } from 'node:test'
import mysql from 'mysql2/promise'
import { DATABASES } from '../helpers/databases.ts'
import { askDoctor, assertFindings, fixesOf } from './queue-doctor-project.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

interface Spoilt {
  /** Statements that spoil the tables; of two, whichever this database knows. */
  readonly by: readonly (string | readonly [string, string])[]
  readonly findings: readonly RegExp[]
  /** What the findings mend, and a person has to do besides. */
  readonly besides?: readonly string[]
}

const SPOILT: Readonly<Record<string, Spoilt>> = {
  sqlite: {
    by: [
      'DROP INDEX queue_running',
      'DROP INDEX queue_due',
      'CREATE INDEX queue_due ON queue (priority) WHERE is_scheduled IS NOT NULL',
      'ALTER TABLE queue DROP COLUMN held_for',
      'CREATE TRIGGER audit AFTER UPDATE ON queue BEGIN SELECT 1; END',
    ],
    findings: [
      /^problem tables: The table queue has no index queue_running \(worker_id\)\. Run "CREATE INDEX queue_running ON queue \(worker_id\) WHERE status = 2"\.$/,
      /^problem tables: The index queue_due of queue is \(priority\) where is_scheduled IS NOT NULL, and not as it was made\. Run "DROP INDEX queue_due; CREATE INDEX/,
      /^problem tables: The table queue has no column held_for\. Run "ALTER TABLE queue ADD COLUMN held_for TEXT"\.$/,
      /^note tables: The table queue has a trigger audit, which runs with every claim/,
      /^problem statements: To make scheduled tasks ready, all rows of queue would be sorted, .*run "ANALYZE"\.$/,
      /^problem statements: To let a worker leave, all rows of queue would be read, .*run "ANALYZE"\.$/,
    ],
    besides: ['DROP TRIGGER audit'],
  },
  mariadb: {
    by: [
      'ALTER TABLE queue DROP KEY queue_lane',
      'ALTER TABLE queue DROP KEY queue_due, ADD KEY queue_due (run_at, is_scheduled)',
      [
        'ALTER TABLE queue ALTER INDEX queue_finished IGNORED',
        'ALTER TABLE queue ALTER INDEX queue_finished INVISIBLE',
      ],
      'ALTER TABLE queue DROP COLUMN held_for',
      'ALTER TABLE queue MODIFY COLUMN task VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL',
      'ALTER TABLE queue MODIFY COLUMN priority TINYINT NOT NULL DEFAULT 0',
      'ALTER TABLE queue MODIFY COLUMN param LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
      'ALTER TABLE attempt ENGINE = MyISAM',
      'ALTER TABLE worker ROW_FORMAT = COMPACT',
      'DROP TABLE job',
      'CREATE TRIGGER audit AFTER UPDATE ON queue FOR EACH ROW SET @seen = 1',
    ],
    findings: [
      /^problem tables: The table queue has no index queue_lane \(lane, queue, id\)\. Run "ALTER TABLE queue ADD KEY queue_lane/,
      /^problem tables: The index queue_due of queue is \(run_at, is_scheduled\), and not as it was made\. Run "ALTER TABLE queue DROP KEY/,
      /^problem tables: The index queue_finished of queue is there, but must not be used\. Run "ALTER TABLE queue ALTER INDEX queue_finished (?:NOT IGNORED|VISIBLE)"/,
      /^problem tables: The table queue has no column held_for\. Run "ALTER TABLE queue ADD COLUMN held_for VARCHAR\(80\) CHARACTER SET ascii/,
      /^problem tables: The column queue\.task takes different texts for equal.*utf8mb4_general_ci.* Run "ALTER TABLE queue MODIFY COLUMN task /,
      /^problem tables: The column queue\.priority is tinyint(?:\(4\))? instead of smallint\. Run "ALTER TABLE queue MODIFY COLUMN priority/,
      /^problem tables: The table attempt is kept by MyISAM: .*Run "ALTER TABLE attempt ENGINE = InnoDB"/,
      /^note tables: The table worker has the row format Compact.* Run "ALTER TABLE worker ROW_FORMAT = DYNAMIC"/,
      /^problem tables: There is no table job: make it by its statement from "queuectl schema"\.$/,
      /^note tables: The table queue has a trigger audit/,
    ],
    besides: [
      'DROP TRIGGER audit',
      `CREATE TABLE job (job VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
         meaning VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
         since TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), PRIMARY KEY (job)) ENGINE = InnoDB`,
    ],
  },
}

for (const database of DATABASES) {
  test(`what is wrong with the tables is named with the statement that mends it (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { by, findings, besides = [] } = SPOILT[database.name] as Spoilt
    for (const statement of by) {
      const [first = '', second = first] = [statement].flat()
      await byHand(project, first).catch(() => byHand(project, second))
    }

    const ill = await askDoctor(project)
    for (const statement of [...besides, ...fixesOf(ill).filter((fix) => /^(?:ALTER|CREATE|DROP) /.test(fix))]) {
      await byHand(project, statement)
    }
    const mended = await askDoctor(project)

    assert.equal(ill.code, 1)
    assertFindings(ill, ...findings)
    assert.deepEqual(mended, { code: 0, findings: [] })
  })
}

test('the file of an embedded database: its journal, its log, what a power failure takes', async (t) => {
  const project = await embedded(t)
  await project.db.close()
  const file = fileOf(project)
  const other = new DatabaseSync(file)
  other.exec('PRAGMA journal_mode = DELETE')
  other.close()

  const journal = await askDoctor(project)
  const open = new DatabaseSync(file)
  t.after(() => open.close())
  open.exec('SELECT 1 FROM queue')
  truncateSync(`${file}-wal`, 100 * 1_048_576)
  const log = await askDoctor(project, ['--url', `${project.url}?synchronous=normal`])

  assertFindings(journal, /^note file: The file .*queue\.db was without its write-ahead log: .*; find that program\.$/)
  assertFindings(
    log,
    /^note file: The file .*queue\.db-wal has grown to 100 MiB, .*Find who with "fuser .*queue\.db", and end that\.$/,
    /^note file: QUEUE_URL has synchronous=normal: a power failure loses some /,
  )
  assert.deepEqual([journal.code, log.code], [0, 0])
})

test('a file that is damaged is told of', async (t) => {
  const project = await embedded(t)
  for (let i = 0; i < 200; i++) await project.insert({ task: 'say', param: 'x'.repeat(500), status: 1 })
  await project.db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  await project.db.close()
  spoilPages(fileOf(project))

  const diagnosis = await askDoctor(project)

  assert.equal(diagnosis.code, 1)
  const [finding] = diagnosis.findings.filter(({ check }) => check === 'file')
  assert.match(finding?.sentence ?? '', DAMAGED)
})

test('a file of which only the beginning is left is told of', async (t) => {
  const project = await embedded(t)
  await project.db.run('PRAGMA wal_checkpoint(TRUNCATE)')
  await project.db.close()
  const file = fileOf(project)
  writeFileSync(file, readFileSync(file).fill(0x5a, 4_096))

  const diagnosis = await askDoctor(project)

  assert.equal(diagnosis.code, 1)
  assert.equal(diagnosis.findings.length, 1)
  assert.match(diagnosis.findings[0]?.sentence ?? '', DAMAGED)
})

const DAMAGED = /queue\.db is damaged \(.+\)\. Stop the workers, copy it, .* sqlite3 new\.db$/

async function embedded(t: TestContext): Promise<QueueProject> {
  const [database] = DATABASES
  assert.equal(database?.name, 'sqlite')
  return queueProject(t, database)
}

/** As a person would: not every statement can be prepared. */
async function byHand({ db, url }: QueueProject, statement: string): Promise<void> {
  if (db.dialect.ddl === 'sqlite') return void (await db.run(statement))
  const connection = await mysql.createConnection({ uri: url })
  try {
    await connection.query(statement)
  } finally {
    await connection.end()
  }
}

function fileOf({ url }: QueueProject): string {
  return url.slice('sqlite:'.length)
}

/** Two pages in the middle, of rows or of an index: the first page is left, which says what this file is. */
function spoilPages(file: string): void {
  const bytes = readFileSync(file).length
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Buffer.alloc(8_192, 0x5a), 0, 8_192, Math.floor(bytes / 2 / 4_096) * 4_096)
  closeSync(descriptor)
}
