/**
 * A server whose settings do a queue harm: one of the test's own, because settings are everybody's.
 */
import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import test, { type TestContext } from 'node:test'
import mysql, { type Connection } from 'mysql2/promise'
import { afterwards } from '../helpers/cleanup.ts'
import { type PrivateServer, startMariadb } from '../helpers/mariadb.ts'
import { findServer } from '../helpers/server-program.ts'
import { askDoctor, assertFindings } from './queue-doctor-project.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const ROOMY = 500 * 1_048_576
const skip = findServer() === undefined && 'no server program was found'

test('the settings of a server, and who uses it', { skip }, async (t) => {
  const server = await startMariadb({ durable: true })
  afterwards(t, () => server.stop())
  const root = await connect(t, server)
  await root.query('CREATE DATABASE queue')
  const project = await queueProject(t, { name: 'mariadb', create: async () => ({ url: `${server.url}/queue` }) })

  await t.test('as it comes, nothing is wrong with it', async () => {
    const { code, findings } = await askDoctor(project)

    assert.deepEqual([code, findings.filter(({ check }) => check !== 'disk' || hasRoom(server))], [0, []])
  })

  await t.test('settings, each with the statement that mends it', async () => {
    for (const setting of [
      "sql_mode = ''",
      'max_allowed_packet = 1048576',
      'wait_timeout = 10',
      'innodb_flush_log_at_trx_commit = 2',
      'autocommit = 0',
    ]) {
      await root.query(`SET GLOBAL ${setting}`)
    }
    await root.query("CHANGE MASTER TO MASTER_HOST = 'db-1.example.com'")

    const ill = await askDoctor(project)
    for (const { fix = '' } of ill.findings) if (fix.startsWith('SET GLOBAL ')) await root.query(fix)
    await root.query('RESET SLAVE ALL')
    const mended = await askDoctor(project)

    assertFindings(
      ill,
      /^note settings: The server's sql_mode is not strict, so .* is cut off without a word .* Run "SET GLOBAL sql_mode =/,
      /^problem settings: The server takes statements of up to 1\.0 MiB \(max_allowed_packet\), and tasks are added by up to 3\.8 MiB/,
      /^problem settings: The server ends a connection that is idle for 10 s \(wait_timeout\)/,
      /^note settings: innodb_flush_log_at_trx_commit is 2: a power failure loses some of what was added or booked/,
      /^note settings: The server's autocommit is off, so a task that a program inserts is there only when/,
      /^note settings: The server copies db-1\.example\.com and takes writes: .* Let QUEUE_URL name its primary, db-1/,
    )
    assert.equal(ill.code, 1)
    assert.deepEqual(mended, { code: 0, findings: [] })
  })

  await t.test(
    'a user that may not write, a server that takes no writes, a clock, a transaction without an end',
    async () => {
      await root.query("CREATE USER shop@'127.0.0.1'")
      await root.query("GRANT SELECT, INSERT, UPDATE ON queue.* TO shop@'127.0.0.1'")
      await root.query("GRANT PROCESS ON *.* TO shop@'127.0.0.1'")
      await root.query('SET GLOBAL read_only = ON')
      // For whoever is no administrator two hours have passed.
      await root.query("SET GLOBAL init_connect = 'SET SESSION timestamp = UNIX_TIMESTAMP() + 7200'")
      const endless = await connect(t, server)
      await endless.query('START TRANSACTION WITH CONSISTENT SNAPSHOT')
      await endless.query('SELECT * FROM queue.queue')

      const ill = await askDoctor(project, ['--url', `mysql://shop@127.0.0.1:${server.port}/queue`])
      await endless.query('COMMIT')
      await root.query("SET GLOBAL read_only = OFF, init_connect = ''")
      for (const { fix = '' } of ill.findings) if (fix.startsWith('GRANT ')) await root.query(fix)
      const mended = await askDoctor(project, ['--url', `mysql://shop@127.0.0.1:${server.port}/queue`])

      assertFindings(
        ill,
        /^problem settings: The server takes no writes \(read_only\), .* or run "SET GLOBAL read_only = OFF"\.$/,
        /^problem privileges: The user shop@127\.0\.0\.1 lacks DELETE on queue, attempt, .*, tally\. As an administrator, run "GRANT SELECT, INSERT, UPDATE, DELETE ON queue\.\* TO 'shop'@'127\.0\.0\.1'"\.$/,
        /^problem clock: The clock of this machine is (?:2h|1h59m\d+s) behind the database's\. Set both by NTP/,
        /^problem transactions: A transaction has been open for 2h \(connection \d+ of root@(?:127\.0\.0\.1|localhost)\): .* or run "KILL \d+"\.$/,
      )
      assert.deepEqual(mended, { code: 0, findings: [] })
    },
  )

  await t.test('statistics that are long out of date', async () => {
    await makeTasks(project, 8_000)
    await root.query('ALTER TABLE queue.queue STATS_AUTO_RECALC = 0')
    await root.query("UPDATE mysql.innodb_table_stats SET n_rows = 3 WHERE table_name = 'queue'")
    await server.restart()

    const ill = await askDoctor(project)

    assertFindings(
      ill,
      /^note statistics: The database believes that the table queue has about \d+ rows?, and it has over 5,0\d\d: .* Run "ANALYZE TABLE queue"\.$/,
    )
  })
})

function hasRoom({ directory }: PrivateServer): boolean {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize > ROOMY
}

async function connect(t: TestContext, { url }: PrivateServer): Promise<Connection> {
  const connection = await mysql.createConnection({ uri: url })
  afterwards(t, () => connection.end())
  return connection
}

/** Finished just now: nothing waits, nothing is old. */
async function makeTasks({ db }: QueueProject, count: number): Promise<void> {
  await db.run(
    `INSERT INTO queue (task, status, finished_at)
       WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < 1000)
       SELECT 'say', 1, ${db.dialect.now} FROM series AS a, series AS b WHERE b.i <= ?`,
    [count / 1_000],
  )
}
