/**
 * docs/recipes/old-queue-table.md: the queue table of an older page is taken over, with a real PHP producer that nobody changes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Ended, waitFor } from '../helpers/processes.ts'
import { type OldPage, oldPage, range } from './old-page.ts'

const MAP = ['--map', 'task/old/note_twice.php=note-twice.php']

/** Kinds of ctime, and how the old page writes them. */
const KINDS: readonly { readonly title: string; readonly table: string; readonly writes: string }[] = [
  {
    title: 'ctime INT, which the page writes',
    writes: 'unix',
    table: `(id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, taskphp VARCHAR(200) NOT NULL, param TEXT,
             status TINYINT(1) NOT NULL DEFAULT 0, ctime INT NOT NULL DEFAULT 0, KEY s (status)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3`,
  },
  {
    title: 'ctime DATETIME, which the page writes, in latin1',
    writes: 'now',
    table: `(id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, taskphp VARCHAR(100) DEFAULT NULL, param VARCHAR(1000) NOT NULL,
             status INT DEFAULT 0, ctime DATETIME DEFAULT NULL, shop CHAR(3) NOT NULL DEFAULT '') ENGINE=InnoDB DEFAULT CHARSET=latin1`,
  },
  {
    title: 'ctime TIMESTAMP, set by the server, in an old row format',
    writes: 'none',
    table: `(id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, taskphp TEXT NOT NULL, param LONGTEXT NOT NULL,
             status SMALLINT NOT NULL DEFAULT 0, ctime TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP)
            ENGINE=InnoDB ROW_FORMAT=COMPACT DEFAULT CHARSET=utf8mb4`,
  },
  {
    title: 'ctime VARCHAR, MyISAM',
    writes: 'date',
    table: `(id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, taskphp VARCHAR(200) NOT NULL, param MEDIUMTEXT,
             status TINYINT NOT NULL DEFAULT 0, ctime VARCHAR(20) NOT NULL DEFAULT '', INDEX st (status, id)) ENGINE=MyISAM DEFAULT CHARSET=utf8mb4`,
  },
]

for (const { title, table, writes } of KINDS) {
  test(`a producer goes on while its table is taken over, and every row is done once (${title})`, async (t) => {
    const page = await oldPage(t, table)
    ok(await page.produce(1, 90, writes).exited)
    ok(await page.cronMission(2)) // thirty rows each
    assert.deepEqual(await statuses(page), { 0: 30, 1: 60 })
    const before = await page.query('SHOW CREATE TABLE queue')

    const plan = ok(await page.queuectl('adopt', ...MAP))
    assert.match(plan.stdout, /status 0 +30 +ready\n +status 1 +60 +done/)
    assert.match(plan.stdout, /task\/note\.php +60 +note\.php\n/)
    assert.match(plan.stdout, /task\/old\/note_twice\.php +30 +note-twice\.php\n/)
    assert.match(plan.stdout, /The newest row was added \d{4}-.*\((?:now|\d+s ago|1m\d*s? ago)\)/)
    assert.deepEqual(await page.query('SHOW CREATE TABLE queue'), before)

    const producing = page.produce(1_001, 400, writes, 5_000)
    await waitFor(async () => (await count(page)) > 100, { what: 'the producer to have begun' })
    const copy = /ENGINE=MyISAM/.test(table) ? ['--copy'] : []
    ok(await page.queuectl('adopt', ...MAP, ...copy, '--yes'))
    const there = await count(page)
    ok(await producing.exited)
    ok(await page.produce(5_001, 10, writes).exited)
    assert.equal(await count(page), 500)
    assert.ok(there <= 490)
    ok(await page.doQueue('--total', '4', '--shard', 'all', '--quiet'))

    assert.deepEqual(page.notes(), [...range(1, 90), ...range(1_001, 400), ...range(5_001, 10)])
    assert.deepEqual(await statuses(page), { 1: 500 })
    assert.deepEqual(
      await page.query(
        `SELECT COUNT(*) AS n, SUM(finished_at IS NULL) AS unfinished, SUM(attempts <> 1) AS odd,
                SUM(COALESCE(added_at < NOW(3) - INTERVAL 1 HOUR OR added_at > NOW(3), 1)) AS wrong FROM queue`,
      ),
      [{ n: 500, unfinished: '0', odd: '0', wrong: '0' }],
    )
    const doctor = await page.queuectl('doctor')
    assert.doesNotMatch(doctor.stdout, /^problem +tables/m)
    ok(await page.queuectl('migrate'))
    assert.match(ok(await page.queuectl('adopt')).stdout, /is ours already/)
  })
}

test('what the pages of old and ours have in common goes on working side by side', async (t) => {
  const page = await oldPage(t, KINDS[0]?.table ?? '')
  ok(await page.produce(1, 2, 'unix').exited)
  ok(await page.queuectl('adopt', ...MAP, '--yes'))

  const shown = ok(await page.queuectl('show', '1')).stdout
  const decoded = ok(await page.queuectl('show', '2')).stdout
  ok(await page.queuectl('hold', '2'))
  const waiting = await page.query('SELECT id, taskphp FROM queue WHERE status = 0')
  ok(await page.doQueue('--quiet'))
  const done = await page.query('SELECT id FROM queue WHERE status = 1')
  const listed = ok(await page.queuectl('list', '--since', '1h', '--status', 'done', '--json')).stdout
  const exported = ok(await page.queuectl('export', '--status', 'held')).stdout
  ok(await page.queuectl('move', '--status', 'held', '--to', 'slow', '--yes'))
  await page.query('UPDATE queue SET finished_at = finished_at - INTERVAL 1 HOUR WHERE status = 1')
  ok(await page.queuectl('purge', '--older-than', '30m', '--yes'))

  assert.match(shown, /that is +\{"n": 1, "who": \["Zoë & Co", 7\]\}/)
  assert.match(decoded, /that is +\{"n":"2","who":\["Zoë & Co","7"\]\}/)
  assert.deepEqual(waiting, [{ id: 1, taskphp: 'task/note.php' }])
  assert.deepEqual(done, [{ id: 1 }])
  assert.equal(JSON.parse(listed).id, 1)
  assert.equal(JSON.parse(exported).task, 'note.php')
  assert.deepEqual(await page.query('SELECT id, queue, status FROM queue'), [{ id: 2, queue: 'slow', status: 6 }])
})

test('killed in any of its parts and given again, an adoption goes on, and maps each row once', async (t) => {
  const page = await oldPage(t, KINDS[0]?.table ?? '')
  await page.query(
    `INSERT INTO queue (taskphp, param, status, ctime)
     SELECT CONCAT('task/', IF(seq % 2, 'note.php', 'old/note_twice.php')), CONCAT('n=', seq), seq % 4, 1700000000 + seq
       FROM seq_1_to_120000`,
  )
  const words = ['--map', 'task/old/note_twice.php=note-twice.php', '--status', '2=failed,3=cancelled', '--yes']
  /** Each is reached by an adoption that was killed at the one before. */
  const moments: readonly [string, () => Promise<boolean>][] = [
    [
      'its first column',
      () =>
        has(page, "COLUMNS WHERE table_schema = DATABASE() AND table_name = 'queue' AND column_name = 'claim_token'"),
    ],
    ['its first rows', async () => (await cursor(page)) > 0],
    ['half of its rows', async () => (await cursor(page)) > 60_000],
    [
      'its first index',
      () =>
        has(
          page,
          "STATISTICS WHERE table_schema = DATABASE() AND table_name = 'queue' AND index_name = 'queue_unique'",
        ),
    ],
  ]
  const killed: string[] = []
  for (const [moment, isReached] of moments) {
    const adopting = page.startQueuectl('adopt', ...words)
    let code: number | null | undefined
    void adopting.exited.then((ended) => {
      code = ended.code
    })
    await waitFor(async () => code !== undefined || (await isReached()), { what: moment, timeoutMs: 120_000 })
    if (code === undefined) killed.push(moment)
    adopting.kill('SIGKILL')
    await adopting.exited
    await waitFor(async () => (await lockIsFree(page)) || code === 0, {
      what: 'the server to let go',
      timeoutMs: 60_000,
    })
  }
  assert.ok(killed.length >= 3, `killed only at ${killed}`)
  assert.match((await page.queuectl('migrate')).stderr, /Run "queuectl adopt"|^$/)

  assert.match(ok(await page.queuectl('adopt', ...words)).stdout, /taken over|ours already/)

  assert.deepEqual(await statuses(page), { 0: 30_000, 1: 30_000, 3: 30_000, 5: 30_000 })
  assert.deepEqual(
    await page.query(
      `SELECT SUM(task <> IF(id % 2, 'note.php', 'note-twice.php')) AS names, SUM((status IN (1, 3, 5)) <> (finished_at IS NOT NULL)) AS ends,
              SUM(added_at <> FROM_UNIXTIME(ctime)) AS times, COUNT(DISTINCT bucket) AS buckets FROM queue`,
    ),
    [{ names: '0', ends: '0', times: '0', buckets: 60 }],
  )
  assert.doesNotMatch((await page.queuectl('doctor')).stdout, /^problem +tables/m)
})

test('an old doQueue that still runs is told of, and no worker begins beside it', async (t) => {
  const page = await oldPage(t, KINDS[0]?.table ?? '')
  await page.query(`INSERT INTO queue (taskphp, param) SELECT 'task/note.php', 'x' FROM seq_1_to_60000`)
  const adopting = page.startQueuectl('adopt', '--yes')
  await waitFor(async () => (await cursor(page)) > 1_000, { what: 'the first rows', timeoutMs: 60_000 })
  const second = await page.queuectl('adopt', '--yes')
  await page.query('UPDATE queue SET status = 1 WHERE id = 1')
  const first = await adopting.exited
  const worker = await page.doQueue('--quiet')
  ok(await page.queuectl('adopt', '--yes'))

  assert.equal(second.code, 75)
  assert.match(second.stderr, /Another "queuectl migrate" or "adopt" is under way/)
  assert.equal(first.code, 75)
  assert.match(first.stderr, /Somebody has set 1 of the rows to 1 meanwhile: an old doQueue still runs/)
  assert.equal(worker.code, 78)
  assert.deepEqual(await page.query('SELECT COUNT(*) AS n FROM queue WHERE status = 1 AND finished_at IS NULL'), [
    { n: 0 },
  ])
})

test('a transaction that does not end keeps an adoption waiting, and not the producers', async (t) => {
  const page = await oldPage(t, KINDS[0]?.table ?? '')
  await page.query('START TRANSACTION')
  await page.query('SELECT COUNT(*) FROM queue')
  const adopting = page.startQueuectl('adopt', '--yes')
  const producing = page.produce(1, 100, 'unix', 100_000)

  const refused = await adopting.exited
  ok(await producing.exited)
  await page.query('ROLLBACK')
  ok(await page.queuectl('adopt', '--yes'))

  assert.equal(refused.code, 75)
  assert.match(refused.stderr, /Somebody keeps the table queue in use, in a transaction that does not end/)
  assert.deepEqual(await statuses(page), { 0: 100 })
})

test('rows of another table are carried once each, while its producer goes on', async (t) => {
  const page = await oldPage(t, KINDS[1]?.table ?? '')
  await page.query('RENAME TABLE queue TO jobs')
  ok(await page.queuectl('migrate'))
  await page.query(
    `INSERT INTO jobs (taskphp, param, status, ctime) SELECT 'task/note.php', seq, seq % 2, NOW() FROM seq_1_to_4000`,
  )
  const carrying = page.startQueuectl('adopt', '--from', 'jobs', '--yes')
  await waitFor(async () => (await count(page)) > 0, { what: 'the first rows', timeoutMs: 30_000 })
  carrying.kill('SIGKILL')
  await carrying.exited
  await page.query(`INSERT INTO jobs (taskphp, param) VALUES ('task/note.php', 'late')`)
  await waitFor(async () => ok(await page.queuectl('adopt', '--from', 'jobs', '--yes')).stdout.startsWith('Carried'), {
    what: 'it',
  })

  assert.deepEqual(await page.query('SELECT COUNT(*) AS n, COUNT(DISTINCT param) AS once FROM queue'), [
    { n: 2_001, once: 2_001 },
  ])
  assert.deepEqual(await page.query('SELECT COUNT(*) AS n FROM jobs WHERE status <> 1'), [{ n: 0 }])
})

function ok(ended: Ended): Ended {
  assert.equal(ended.code, 0, `${ended.stdout}${ended.stderr}`)
  return ended
}

async function statuses(page: OldPage): Promise<Record<string, number>> {
  const rows = await page.query<{ status: number; n: number }>(
    'SELECT status, COUNT(*) AS n FROM queue GROUP BY status',
  )
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]))
}

async function count(page: OldPage): Promise<number> {
  const [row] = await page.query<{ n: number }>('SELECT COUNT(*) AS n FROM queue')
  return Number(row?.n)
}

async function has(page: OldPage, what: string): Promise<boolean> {
  return (await page.query(`SELECT 1 FROM information_schema.${what} LIMIT 1`)).length > 0
}

/** How far an adoption has come; 0 before there is one. */
async function cursor(page: OldPage): Promise<number> {
  if (!(await has(page, "TABLES WHERE table_schema = DATABASE() AND table_name = 'setting'"))) return 0
  const [row] = await page.query<{ value: string }>("SELECT value FROM setting WHERE name = 'adoption'")
  return row === undefined ? 0 : Number(JSON.parse(row.value).cursor)
}

async function lockIsFree(page: OldPage): Promise<boolean> {
  const [row] = await page.query<{ free: number }>(
    "SELECT IS_FREE_LOCK(CONCAT('cron-mission:migrate:', LEFT(MD5(DATABASE()), 16))) AS free",
  )
  return row?.free === 1
}
