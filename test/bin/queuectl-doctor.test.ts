/**
 * `queuectl doctor` on a database that is well, and on one in which much was left behind: every finding, and none besides.
 */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import type { Driver } from '../../src/queue/driver.ts'
import { addQueuePause } from '../../src/queue/store/queue-pause.ts'
import { REHEARSAL_QUEUE } from '../../src/queue/store/rehearsal.ts'
import { setAside } from '../../src/queue/store/set-aside.ts'
import { DATABASES } from '../helpers/databases.ts'
import { PATIENCE_MS } from '../queue/stores.ts'
import { askDoctor, assertFindings, runDoctor } from './queue-doctor-project.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { mountSmallDisk } from './small-disk.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

for (const database of DATABASES) {
  test(`nothing is wrong with a queue that is worked (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      { task: 'say', shard_key: 'a', bucket: 3 },
      { task: 'say', unique_key: 'one' },
      { task: 'exit', param: '1', retry: '1h' },
      { task: 'say', run_at: 3 * MINUTE_MS },
    )
    await project.run('do-queue')
    await project.insert({ task: 'say' }, { task: 'say', queue: 'mail' })

    const { code, stdout } = await runDoctor(project, [])
    const asked = await askDoctor(project)

    assert.match(stdout, /^All is well: \d\d checks\.\n$/)
    assert.deepEqual([code, asked.code, asked.findings], [0, 0, []])
    assert.deepEqual((await project.states()).length, 6, 'the rehearsal left a row')
  })

  test(`what was left behind is told of, one sentence each (${database.name})`, async (t) => {
    const project = await queueProject(t, database, {
      tasks: {
        plain: 'no program at all\n',
        'twice.sh': 'exit 0\n',
        'twice.py': '\n',
        nowhere: '#!/usr/bin/no-such-shell\n',
        windows: '#!/bin/sh\r\nexit 0\r\n',
        envless: '#!/usr/bin/env no-such-language\n',
      },
    })
    chmodSync(project.path('tasks/plain'), 0o644)
    const { db } = project
    const names = ['gone', 'plain', 'twice', 'nowhere', 'windows', 'envless', 'say']
    await project.insert(...names.map((task) => ({ task, queue: 'mail' })))
    await project.insert({ task: 'say', queue: 'old', ctime: -10 * MINUTE_MS })
    await project.insert({ task: 'say', status: 4, run_at: -10 * MINUTE_MS })
    const dead = await deadWorker(db, 'web-2')
    await deadWorker(db, 'web-3')
    const [stray, claimed] = await project.insert(
      { task: 'say', status: 2, worker_id: 999, claim_token: 1 },
      { task: 'say', status: 2, worker_id: dead, claim_token: 2 },
    )
    await backdate(db, 'started_at', -10 * MINUTE_MS, [stray, claimed])
    await db.run("INSERT INTO attempt (task_id, attempt, claim_token, outcome) VALUES (987654, 1, 1, 'exit')")
    await holdForNothing(project)
    await finishLongAgo(db, 10_000)
    if (database.name === 'mariadb') await project.insert({ task: 'say', status: 9 })
    const isMounted = mountSmallDisk(t, project.path('logs'), 20 * 1_048_576)

    await project.insert({ task: 'red\u001b[31m', queue: 'mail' })

    const diagnosis = await askDoctor(project)
    const text = await runDoctor(project, [])

    assert.equal(diagnosis.code, 1)
    assert.ok(!text.stdout.includes('\u001b'))
    assert.match(text.stdout, /no program red\\u001b\[31m in/)
    assertFindings(
      diagnosis,
      /^problem programs: .* there is no program red/,
      /^problem programs: At least 1 waiting task \(the first is \d+, in queue mail\) will fail: there is no program gone in \//,
      /^problem programs: .* will fail: plain is not executable .* run chmod \+x on it\.$/,
      /^problem programs: .* will fail: twice could be twice\.py or twice\.sh: name the file with its extension\.$/,
      /^problem programs: .* will fail: .*\/nowhere is to be run by \/usr\/bin\/no-such-shell, which is not there\.$/,
      /^problem programs: .* will fail: the first line of .*\/windows ends in a carriage return, .* run "sed /,
      /^problem programs: .* will fail: .*\/envless is to be run by no-such-language, which is not in PATH\.$/,
      /^problem queues: Queue old has 1 ready task, waiting for up to 10m: no worker of it lives, and this host knows of no schedule that has one\. Put .*, or run "do-queue --queue old"\.$/,
      /^problem tasks: Scheduled task \d+ should have been ready up to 10m ago: nobody sees to that\. See that ticks run /,
      /^problem workers: Task \d+ has been running for up to 10m without a worker that is known: nobody clears up after it\./,
      /^problem workers: Worker \d+ \(pid 7 on web-2, queue mail\) has been silent for 9m and has 1 task: nobody clears up/,
      /^note workers: Worker \d+ \(pid 7 on web-3, queue mail\) has been silent for 9m; it has no tasks, and the next tick/,
      /^note tasks: Among the oldest 1,000 attempts there are 1 of tasks that are gone: .*Run "DELETE FROM attempt WHERE NOT EXISTS/,
      /^problem tasks: Task \d+ of queue default, program paused-once, has been held for a pause that is over, .* Run "queuectl release \d+"\.$/,
      /^problem tasks: Task \d+ of queue default, program say, has been held for a move that nobody knows\. Run "UPDATE queue SET held_for = NULL/,
      /^note purge: 10,000 tasks or more that finished over 30 days ago are kept, the oldest for \d+d[^:]*: nothing deletes them\. Put a job into the schedule: purge: \{ when: daily/,
      ...(database.name === 'mariadb'
        ? [/^problem tasks: Task \d+ has a status that is none, .*Run "UPDATE queue SET status = 6 WHERE status > 6"/]
        : []),
      ...(isMounted
        ? [/^problem disk: The disk of the log directory .*logs has \d+ MiB left, and when it is full/]
        : []),
    )
    const rehearsed = await db.all('SELECT id FROM queue WHERE queue = ?', [REHEARSAL_QUEUE])
    assert.deepEqual(rehearsed, [])
  })

  test(`tables of another version are told of, and left as they are (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.db.run("UPDATE setting SET value = '3' WHERE name = 'schema_version'")

    const older = await askDoctor(project)
    await project.db.run("UPDATE setting SET value = '99' WHERE name = 'schema_version'")
    const newer = await askDoctor(project)

    assertFindings(older, /^problem tables: The queue tables are at version 3, .* run "queuectl migrate"\.$/)
    assertFindings(newer, /^problem tables: The queue tables are at version 99, newer than .* Update cron-mission/)
    assert.equal(older.code, 1)
  })
}

test('to look for a database makes none', async (t) => {
  const [database] = DATABASES
  assert.ok(database)
  const project = await queueProject(t, database)
  writeFileSync(project.path('.env'), 'QUEUE_URL=sqlite:other.db\n')

  const diagnosis = await askDoctor(project)

  assertFindings(
    diagnosis,
    /^problem database: There is no database .*other\.db yet\..* see QUEUE_URL and --directory\.$/,
  )
  assert.ok(!existsSync(project.path('other.db')))
})

test('a server that is away is one finding', async (t) => {
  const [database] = DATABASES
  assert.ok(database)
  const project = await queueProject(t, database)

  const diagnosis = await askDoctor(project, ['--url', 'mysql://shop:secret@127.0.0.1:1/shop'])

  assert.equal(diagnosis.code, 1)
  assertFindings(diagnosis, /^problem database: The database at 127\.0\.0\.1:1 cannot be reached/)
})

/** @returns its id */
async function deadWorker(db: Driver, host: string): Promise<number> {
  const { fromNow } = db.dialect
  const { insertId } = await db.run(
    `INSERT INTO worker (queue, total, shard, seat, host, boot_id, pid, pid_start, lease_until)
     VALUES ('mail', 1, 0, NULL, ?, 'boot', 7, 1, ${fromNow('?')})`,
    [host, -9.5 * MINUTE_MS],
  )
  return insertId
}

async function backdate(db: Driver, column: string, ms: number, ids: readonly (number | undefined)[]): Promise<void> {
  for (const id of ids) {
    await db.run(`UPDATE queue SET ${column} = ${db.dialect.fromNow('?')} WHERE id = ?`, [ms, id ?? null])
  }
}

/** One for a pause whose row is gone, one for a move that never was; and one whose pause is in force, which is as it should be. */
async function holdForNothing({ db, insert }: QueueProject): Promise<void> {
  await insert(
    { task: 'paused-once', status: 6, held_for: 'pause' },
    { task: 'say', status: 6, held_for: 'move:elsewhere:abc' },
    { task: 'say', status: 6 },
  )
  const [id] = await insert({ task: 'still-paused' })
  const value = { by: 'somebody', reason: null, until: null }
  await addQueuePause(db, { queue: undefined, task: 'still-paused' }, value, PATIENCE_MS)
  const [row] = await db.all<{ name: string; value: string }>(
    "SELECT name, value FROM setting WHERE name LIKE 'pause-%'",
  )
  const pause = { queue: undefined, task: 'still-paused', by: 'somebody', since: 0 }
  await setAside(db, [id ?? 0], { pause, name: row?.name ?? '', value: row?.value ?? '', overMs: undefined })
}

async function finishLongAgo(db: Driver, count: number): Promise<void> {
  await db.run(
    `INSERT INTO queue (task, status, finished_at)
       WITH RECURSIVE series (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM series WHERE i < 1000)
       SELECT 'say', 1, ${db.dialect.fromNow('?')} FROM series AS a, series AS b WHERE b.i <= ?`,
    [-400 * DAY_MS, count / 1_000],
  )
}
