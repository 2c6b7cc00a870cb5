import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { tableFindings } from '../../src/ctl/doctor/tables.ts'
import { runMigrate } from '../../src/ctl/migrate.ts'
import { installationName, migrate, requireSchema, schemaVersion } from '../../src/queue/migrate.ts'
import { MIGRATIONS } from '../../src/queue/schema.ts'
import { expectedTables } from '../../src/queue/schema-parts.ts'
import { SCHEMA_VERSION } from '../../src/queue/schema-version.ts'
import { examinerOf } from '../../src/queue/store/examine/examiner.ts'
import { news } from '../../src/queue/store/news.ts'
import { promote } from '../../src/queue/store/promote.ts'
import { slotsOf } from '../../src/queue/store/read-slot.ts'
import { openDriver } from '../../src/queue/url.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'

for (const database of DATABASES) {
  test(`migrating makes the tables once, and names the installation once (${database.name})`, async (t) => {
    const db = await open(t, database)

    const first = await migrate(db)
    const name = await installationName(db)
    const second = await migrate(db)

    assert.equal(first.length, SCHEMA_VERSION)
    assert.deepEqual(second, [])
    assert.match(name, /^[0-9a-f]{8}$/)
    assert.equal(await installationName(db), name)
  })

  test(`two migrations at once do it once (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    const drivers = await Promise.all([1, 2, 3].map(() => openDriver(url, '/')))
    afterwards(t, () => Promise.all(drivers.map((driver) => driver.close())))

    const run = await Promise.all(drivers.map(migrate))

    assert.deepEqual(run.map(({ length }) => length).toSorted(), [0, 0, SCHEMA_VERSION])
  })

  test(`a migration that was interrupted goes on where it stopped (${database.name})`, async (t) => {
    const db = await open(t, database)
    await migrate(db)
    await db.run('DROP TABLE slot')
    await db.run("DELETE FROM setting WHERE name = 'schema_version'")

    await migrate(db)

    assert.equal(await schemaVersion(db, db.dialect), SCHEMA_VERSION)
    await db.all('SELECT * FROM slot')
  })

  test(`tables of version 1 get what later versions have, and keep their rows and claims (${database.name})`, async (t) => {
    const db = await open(t, database)
    for (const statement of MIGRATIONS[0]?.[db.dialect.ddl] ?? []) await db.run(statement)
    await db.run("INSERT INTO setting (name, value) VALUES ('schema_version', '1')")
    const rows = [
      [0, 'k', 0],
      [1, 'k', 1],
      [2, 'k', 1],
      [4, 'k', 0],
      [4, 'k', 1],
      [0, null, 0],
    ] as const
    for (const [status, key, attempts] of rows) {
      const values = [status, key, attempts, status === 2 ? 7 : null]
      await db.run(
        "INSERT INTO queue (task, status, shard_key, bucket, attempts, claim_token) VALUES ('t', ?, ?, 1, ?, ?)",
        values,
      )
    }
    const at = db.dialect.fromMs('60000')
    await db.run(`INSERT INTO slot (job, slot_at, verdict, host) VALUES ('mail', ${at}, 'started', 'web-1')`)
    if (!db.dialect.migratesItself)
      await assert.rejects(requireSchema(db), { message: /version 1, this program needs 5/ })

    assert.deepEqual(
      (await migrate(db)).map(({ version }) => version),
      [2, 3, 4, 5],
    )

    const [slot] = await slotsOf(db, {}, 2)
    assert.deepEqual([slot?.slotAt, slot?.verdict, slot?.isOpen, slot?.outcome], [60_000, 'started', false, undefined])
    const after = await db.all('SELECT lane, crashes, cancel_at, claim_token FROM queue ORDER BY id')
    assert.deepEqual(
      after.map((row) => Object.values(row as object)),
      [
        ['k', 0, null, null],
        [null, 0, null, null],
        ['k', 0, null, 7],
        [null, 0, null, null],
        ['k', 0, null, null],
        [null, 0, null, null],
      ],
    )
    await requireSchema(db)
  })

  test(`an update that ends after any of its statements is taken up again (${database.name})`, async (t) => {
    const [last] = MIGRATIONS.slice(-1)
    const earlier = MIGRATIONS.slice(0, -1)
    const statements = (last?.[database.name === 'sqlite' ? 'sqlite' : 'mysql'] ?? []).length

    for (let done = 0; done <= statements; done++) {
      const db = await open(t, database)
      const before = [...earlier.flatMap((it) => it[db.dialect.ddl]), ...(last?.[db.dialect.ddl].slice(0, done) ?? [])]
      for (const statement of before) await db.run(statement)
      await db.run("INSERT INTO setting (name, value) VALUES ('schema_version', ?)", [String(SCHEMA_VERSION - 1)])

      const run = await migrate(db)

      assert.deepEqual(run, [last])
      const live = await examinerOf(db.dialect).tables(db)
      assert.deepEqual(tableFindings(expectedTables(db.dialect.ddl), live), [], `${done} statements`)
      const indexes = live.find(({ name }) => name === 'queue')?.indexes
      assert.ok(!indexes?.has('queue_promote'), `${done} statements`)
    }
  })

  test(`what was scheduled before the update is made ready after it (${database.name})`, async (t) => {
    const db = await open(t, database)
    for (const statement of MIGRATIONS.slice(0, 4).flatMap((it) => it[db.dialect.ddl])) await db.run(statement)
    await db.run("INSERT INTO setting (name, value) VALUES ('schema_version', '4')")
    for (const [status, ms] of [
      [4, -60_000],
      [4, 3_600_000],
      [0, -60_000],
      [2, -60_000],
    ] as const)
      await db.run(`INSERT INTO queue (task, status, run_at) VALUES ('t', ?, ${db.dialect.fromNow('?')})`, [status, ms])

    await migrate(db)

    const { isDue } = await news(db, 'default')
    const promoted = await promote(db, 10, 1_000)
    const rows = await db.all<{ status: number; is_scheduled: number | null }>(
      'SELECT status, is_scheduled FROM queue ORDER BY id',
    )
    assert.deepEqual([isDue, promoted], [true, 1])
    assert.deepEqual(
      rows.map(({ status, is_scheduled }) => [status, is_scheduled]),
      [
        [0, null],
        [4, 1],
        [0, null],
        [2, null],
      ],
    )
  })

  test(`tables of a newer program are refused with what to do (${database.name})`, async (t) => {
    const db = await open(t, database)
    await migrate(db)
    await db.run("UPDATE setting SET value = '999' WHERE name = 'schema_version'")

    await assert.rejects(requireSchema(db), { exitCode: 78, message: /at version 999, newer.*Update cron-mission/ })
    await assert.rejects(migrate(db), { exitCode: 78 })
  })

  test(`a database without tables migrates itself when embedded, and is refused otherwise (${database.name})`, async (t) => {
    const db = await open(t, database)

    if (db.dialect.migratesItself) {
      await requireSchema(db)
      assert.equal(await schemaVersion(db, db.dialect), SCHEMA_VERSION)
    } else {
      await assert.rejects(requireSchema(db), { exitCode: 78, message: /Run "queuectl migrate"/ })
      assert.equal(await schemaVersion(db, db.dialect), 0)
    }
  })

  test(`a dry run prints the statements and runs none (${database.name})`, async (t) => {
    const db = await open(t, database)

    const text = await runMigrate(db, { dryRun: true, print: 'text' })

    assert.match(text, /-- version 1:.*\nCREATE TABLE IF NOT EXISTS queue/)
    assert.equal(await schemaVersion(db, db.dialect), 0)
  })

  test(`a plain INSERT of task and param is a complete producer (${database.name})`, async (t) => {
    const db = await open(t, database)
    await migrate(db)

    const values = Array.from({ length: 1_500 }, () => "('send-msg', 'uid=4')").join(', ')
    await db.run(`INSERT INTO queue (task, param) VALUES ${values}`)

    const buckets = await db.all<{ bucket: number }>('SELECT DISTINCT bucket FROM queue ORDER BY bucket')
    assert.ok(buckets.length > 50, `${buckets.length} buckets`)
    assert.equal(buckets.at(0)?.bucket, 0)
    assert.equal(buckets.at(-1)?.bucket, 59)
  })
}

test('a file that is no database is refused by name', async (t) => {
  const file = `${temporaryDirectory(t)}/queue.db`
  writeFileSync(file, 'this is no database at all, but long enough to be looked at'.repeat(50))

  await assert.rejects(openDriver(`sqlite:${file}`, '/'), {
    exitCode: 78,
    message: /queue\.db is not a SQLite database/,
  })
})

test('a file in a place that cannot be is refused by name', async () => {
  const file = `${import.meta.filename}/queue.db`

  await assert.rejects(openDriver(`sqlite:${file}`, '/'), {
    exitCode: 69,
    message: /migrate\.test\.ts\/queue\.db cannot be opened/,
  })
})

async function open(t: Parameters<(typeof DATABASES)[0]['create']>[0], database: (typeof DATABASES)[0]) {
  const { url } = await database.create(t)
  const db = await openDriver(url, '/')
  afterwards(t, () => db.close())
  return db
}
