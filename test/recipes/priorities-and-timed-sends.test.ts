/**
 * docs/recipes/priorities-and-timed-sends.md: a site in PHP says by plain INSERTs what is urgent and what is for later.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { queueProject } from '../bin/queue-project.ts'
import { DATABASES } from '../helpers/databases.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'

const MAILS = 60
const SCHEDULED = 50_000
const AT_ONCE = 5_000
/** By INSERTs that say nothing of a status. */
const PLAIN = 2_000
const [, mariadb] = DATABASES

/** Notes when it was started, by the clock that the server has too. */
const SEND = `#!/bin/sh
echo "$TASK_ID $(date +%s%3N) $1" >>sent
`

/** What the site does, in the words of the chapter. Its connection is set to another zone, as some are. */
const SITE = `<?php
function site(string $dsn): PDO {
    $db = new PDO($dsn, 'root', '', [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
    $db->exec("SET time_zone = '+00:00'");
    return $db;
}
function send(PDO $db, string $param, int $priority = 0): void {
    $db->prepare("INSERT INTO queue (queue, task, param, priority) VALUES ('mail', 'send', ?, ?)")->execute([$param, $priority]);
}
function send_at(PDO $db, string $param, DateTimeInterface $when, ?string $unique = null): void {
    $db->prepare("INSERT INTO queue (queue, task, param, status, run_at, unique_key) VALUES ('mail', 'send', ?, 4, FROM_UNIXTIME(?), ?)")
       ->execute([$param, $when->format('U.v'), $unique]);
}
`

test('urgent ones go first, and of equals the oldest', async (t) => {
  const site = await startSite(t)
  await site.php(`
    mt_srand(7);
    for ($i = 1; $i <= ${MAILS}; $i++) send($db, (string) $i, [-10, 0, 0, 0, 5][mt_rand(0, 4)]);`)
  const rows = await site.db.all<{ id: number }>('SELECT id FROM queue ORDER BY priority, id')

  await site.run('do-queue', ['--queue', 'mail'])

  assert.equal(rows.length, MAILS)
  assert.deepEqual(
    site.sent().map(({ id }) => id),
    rows.map(({ id }) => id),
  )
})

test('what is for later is not sent before, and then in the order of its times', async (t) => {
  const site = await startSite(t)
  await site.php(`
    foreach ([6, 3, 5, 4, 2] as $seconds)
        send_at($db, "in $seconds", new DateTimeImmutable("+$seconds seconds"));
    send($db, 'now');`)
  const due = await site.db.all<{ id: number; at: number }>(
    'SELECT id, CAST(UNIX_TIMESTAMP(run_at) * 1000 AS SIGNED) AS at FROM queue',
  )

  const worker = site.start('do-queue', ['--queue', 'mail', '--watch'])
  await waitFor(() => site.sent().length === 6, { what: 'all of them', timeoutMs: 60_000 })
  worker.kill('SIGTERM')
  await worker.exited

  const sent = site.sent()
  assert.deepEqual(
    sent.map(({ param }) => param),
    ['now', 'in 2', 'in 3', 'in 4', 'in 5', 'in 6'],
  )
  for (const { id, at } of sent) {
    const wanted = due.find((row) => row.id === id)?.at ?? Number.NaN
    assert.ok(at >= wanted && at < wanted + 30_000, `task ${id} was sent ${at - wanted} ms after its time`)
  }
})

test("eight in the morning is the reader's own, also in the hour that comes twice", async (t) => {
  const site = await startSite(t)
  const morning: Readonly<Record<string, string>> = {
    'Europe/Berlin': '2030-10-27T07:00:00.000Z',
    'America/New_York': '2030-10-27T12:00:00.000Z',
    'Asia/Kolkata': '2030-10-27T02:30:00.000Z',
  }
  await site.php(`
    foreach (['Europe/Berlin', 'America/New_York', 'Asia/Kolkata'] as $zone)
        send_at($db, $zone, new DateTimeImmutable('2030-10-27 08:00', new DateTimeZone($zone)));
    foreach (['2030-10-27T00:30:00Z', '2030-10-27T01:30:00Z'] as $time) send_at($db, $time, new DateTimeImmutable($time));`)

  const { stdout } = await site.run('queuectl', ['list', '--json'])

  const rows = stdout.split('\n').filter((line) => line !== '')
  for (const { param, runAt } of rows.map((line) => JSON.parse(line) as { param: string; runAt: string }))
    assert.equal(runAt, morning[param] ?? param.replace('Z', '.000Z'))
  assert.equal(rows.length, 5)
})

test('a send is moved or withdrawn while it waits, and is not sent when nobody needs it any more', async (t) => {
  const site = await startSite(t)
  await site.php(`
    foreach (['earlier', 'later', 'never', 'kept'] as $name) send_at($db, $name, new DateTimeImmutable('+1 day'), "mail:$name");
    send_at($db, 'twice', new DateTimeImmutable('-1 second'), 'mail:twice');
    try {
        send_at($db, 'twice', new DateTimeImmutable('-1 second'), 'mail:twice');
        exit(9);
    } catch (PDOException $e) {
        if ($e->errorInfo[1] !== 1062) throw $e;
    }
    $db->exec("INSERT INTO queue (queue, task, param, expires_at) VALUES ('mail', 'send', 'stale', NOW() - INTERVAL 1 SECOND)");`)
  await site.run('do-queue', ['--queue', 'mail'])

  await site.php(`
    $change = fn (string $sql, string $name) => $db->prepare("$sql WHERE unique_key = ? AND status IN (0, 4)")->execute(["mail:$name"]);
    $change('UPDATE queue SET run_at = NOW()', 'earlier');
    $change('UPDATE queue SET run_at = NOW() + INTERVAL 2 DAY', 'later');
    $change('DELETE FROM queue', 'never');`)
  await site.run('do-queue', ['--queue', 'mail'])

  assert.deepEqual(
    site.sent().map(({ param }) => param),
    ['twice', 'earlier'],
  )
  const rows = await site.db.all<{ param: string; status: number }>('SELECT param, status FROM queue ORDER BY id')
  assert.deepEqual(
    rows.map(({ param, status }) => [param, status]),
    [
      ['earlier', 1],
      ['later', 4],
      ['kept', 4],
      ['twice', 1],
      ['stale', 3],
    ],
  )
})

test("fifty thousand that wait for their time are in nobody's way", async (t) => {
  const site = await startSite(t)
  for (let added = 0; added < SCHEDULED; added += AT_ONCE) {
    await site.db.run(
      `INSERT INTO queue (queue, task, param, status, run_at)
       SELECT 'mail', 'send', seq, 4, NOW() + INTERVAL 1 DAY FROM seq_1_to_${AT_ONCE}`,
    )
  }
  await site.db.run(
    `INSERT INTO queue (queue, task, param, run_at) SELECT 'mail', 'send', seq, NOW() + INTERVAL 1 DAY FROM seq_1_to_${PLAIN}`,
  )
  await site.php(`send($db, 'now');`)

  await site.run('do-queue', ['--queue', 'mail'])
  await site.php(`send($db, 'and now');`)
  await site.run('do-queue', ['--queue', 'mail'])

  assert.deepEqual(
    site.sent().map(({ param }) => param),
    ['now', 'and now'],
  )
  const states = await site.db.all<{ status: number; count: number }>(
    'SELECT status, COUNT(*) AS count FROM queue GROUP BY status ORDER BY status',
  )
  assert.deepEqual(
    states.map(({ status, count }) => [status, Number(count)]),
    [
      [1, 2],
      [4, SCHEDULED + PLAIN],
    ],
  )
})

test('an old table of mails is taken over by the statements of the chapter, once', async (t) => {
  const site = await startSite(t)
  const page = readFileSync(join(import.meta.dirname, '../../docs/recipes/priorities-and-timed-sends.md'), 'utf8')
  const [, text = ''] = /```sql\nSTART TRANSACTION;\n([^`]+)COMMIT;\n```/.exec(page) ?? []
  const [add = '', mark = ''] = text.replaceAll("'send-msg'", "'send'").split(';\n')
  await site.db.run(`CREATE TABLE mails (id INT AUTO_INCREMENT PRIMARY KEY, param TEXT NOT NULL, urgent TINYINT NOT NULL,
    send_after DATETIME NOT NULL, sent TINYINT NOT NULL DEFAULT 0)`)
  await site.db.run(
    `INSERT INTO mails (param, urgent, send_after, sent) VALUES ('a', 0, NOW() - INTERVAL 1 HOUR, 0),
     ('b', 1, NOW() - INTERVAL 1 HOUR, 0), ('gone', 1, NOW() - INTERVAL 1 HOUR, 1), ('later', 1, NOW() + INTERVAL 1 DAY, 0)`,
  )

  for (let k = 0; k < 2; k++) {
    await site.db.transaction(async (tx) => {
      await tx.run(add)
      await tx.run(mark)
    })
  }
  await site.run('do-queue', ['--queue', 'mail'])

  assert.deepEqual(
    site.sent().map(({ param }) => param),
    ['b', 'a'],
  )
  const left = await site.db.all<{ count: number }>('SELECT COUNT(*) AS count FROM mails WHERE sent = 0')
  assert.deepEqual([(await site.states()).toSorted(), Number(left[0]?.count)], [['done', 'done', 'scheduled'], 0])
})

async function startSite(t: TestContext) {
  assert.ok(mariadb !== undefined, 'a MariaDB server is needed: run it by npm run test:recipes')
  const project = await queueProject(t, mariadb, { tasks: { send: { text: SEND, mode: 0o755 } } })
  const { hostname, port, pathname } = new URL(project.url)
  const dsn = `mysql:host=${hostname};port=${port};dbname=${pathname.slice(1)};charset=utf8mb4`
  return {
    ...project,
    async php(code: string): Promise<void> {
      const text = `${SITE}$db = site('${dsn}');\n${code}`
      const {
        code: exit,
        stdout,
        stderr,
      } = await runProgram('php', ['-d', 'display_errors=stderr'], {
        cwd: project.directory,
        stdin: text,
        t,
      })
      assert.deepEqual([exit, stdout, stderr], [0, '', ''])
    },
    /** In the order in which they were started. */
    sent: () =>
      project.lines('sent').map((line) => {
        const [id, at, ...param] = line.split(' ')
        return { id: Number(id), at: Number(at), param: param.join(' ') }
      }),
  }
}
