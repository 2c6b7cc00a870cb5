import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import mysql from 'mysql2/promise'
import { runMigrate } from '../../src/ctl/migrate.ts'
import { schemaText } from '../../src/ctl/schema.ts'
import { installationName, migrate, requireSchema, schemaVersion } from '../../src/queue/migrate.ts'
import { SCHEMA_VERSION } from '../../src/queue/schema-version.ts'
import { openDriver } from '../../src/queue/url.ts'
import { queueProject } from '../bin/queue-project.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { makeProject, runBin } from '../helpers/processes.ts'

/** As an administrator runs it: without our programs. */
async function runScript(url: string, script: string): Promise<void> {
  if (url.startsWith('sqlite:')) {
    const file = new DatabaseSync(url.slice('sqlite:'.length))
    try {
      file.exec(script)
    } finally {
      file.close()
    }
    return
  }
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true })
  try {
    await connection.query(script)
  } finally {
    await connection.end()
  }
}

async function open(t: TestContext, url: string) {
  const db = await openDriver(url, '/')
  afterwards(t, () => db.close())
  return db
}

for (const database of DATABASES) {
  const ddl = database.name === 'sqlite' ? 'sqlite' : 'mysql'

  test(`the script leaves tables that our programs take for theirs (${database.name})`, async (t) => {
    const [{ url }, { url: other }] = [await database.create(t), await database.create(t)]

    await runScript(url, schemaText(ddl))
    await runScript(other, schemaText(ddl))

    const [db, second] = [await open(t, url), await open(t, other)]
    await requireSchema(db)
    assert.match(await installationName(db), /^[0-9a-f]{8}$/)
    assert.deepEqual(await migrate(db), [])
    assert.notEqual(await installationName(db), await installationName(second))
  })

  test(`a script that is run a second time stops, and leaves the tables as they are (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    await runScript(url, schemaText(ddl))
    const db = await open(t, url)
    const name = await installationName(db)

    await assert.rejects(runScript(url, schemaText(ddl)))

    await requireSchema(db)
    assert.equal(await installationName(db), name)
  })

  test(`what a dry run of migrate prints does what migrate does (${database.name})`, async (t) => {
    const { url } = await database.create(t)
    const db = await open(t, url)

    const script = await runMigrate(db, { dryRun: true, print: 'text' })
    assert.equal(await schemaVersion(db, db.dialect), 0)
    await runScript(url, script)

    assert.equal(await schemaVersion(db, db.dialect), SCHEMA_VERSION)
    assert.match(await runMigrate(db, { dryRun: true, print: 'text' }), /nothing to do/)
  })
}

const server = DATABASES.find(({ name }) => name === 'mariadb')

test('a user who may only read and write rows needs no more', {
  skip: server === undefined && 'no server',
}, async (t) => {
  if (server === undefined) return
  const { url } = await server.create(t)
  await runScript(url, schemaText('mysql'))
  const { pathname } = new URL(url)
  const user = `cm${process.pid}`
  const administration = await mysql.createConnection({ uri: url, multipleStatements: true })
  afterwards(t, async () => {
    await administration.query(`DROP USER IF EXISTS ${user}@'%'`)
    await administration.end()
  })
  await administration.query(
    `CREATE USER ${user}@'%' IDENTIFIED BY 'pass';
     GRANT SELECT, INSERT, UPDATE, DELETE ON \`${pathname.slice(1)}\`.* TO ${user}@'%'`,
  )
  const theirs = new URL(url)
  theirs.username = user
  theirs.password = 'pass'
  const project = makeProject(t, { tasks: { fine: '#!/bin/sh\nexit 0\n' }, env: { QUEUE_URL: theirs.href } })
  const run = (name: 'add-task' | 'do-queue' | 'queuectl', ...args: string[]) =>
    runBin(name, args, { cwd: project.directory, t })

  const ended = [
    await run('queuectl', 'migrate'),
    await run('add-task', 'fine'),
    await run('do-queue', '--quiet'),
    await run('queuectl', 'purge', '--older-than', '1ms'),
  ]

  assert.deepEqual(
    ended.map(({ code, stderr }) => [code, stderr]),
    [
      [0, ''],
      [0, ''],
      [0, ''],
      [0, ''],
    ],
  )
  assert.match(ended[3]?.stdout ?? '', /^Deleted 1 task \(1 done\)/)
})

test('the script is printed for either database, and asks none', async (t) => {
  const project = await queueProject(t, DATABASES[0] as (typeof DATABASES)[0])
  const ask = (...args: string[]) =>
    project.run('queuectl', ['schema', ...args, '--url', 'mysql://nobody@127.0.0.1:1/x'])

  const [mine, forSqlite, json, wrong] = [
    await ask(),
    await ask('--for', 'sqlite'),
    await ask('--json'),
    await ask('--for', 'oracle'),
  ]

  assert.equal(mine.stdout, schemaText('mysql'))
  assert.equal(forSqlite.stdout, schemaText('sqlite'))
  assert.equal((JSON.parse(json.stdout) as { version: number }).version, SCHEMA_VERSION)
  assert.deepEqual(
    [wrong.code, wrong.stderr],
    [64, 'queuectl: --for is "oracle". Use mysql (also for MariaDB) or sqlite.\n'],
  )
})
