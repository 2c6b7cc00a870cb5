import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import test from 'node:test'
import type { Driver, Value } from '../../../src/queue/driver.ts'
import { STATUS } from '../../../src/queue/status.ts'
import { addQueuePause } from '../../../src/queue/store/queue-pause.ts'
import { type QueueProject, queueProject } from '../../bin/queue-project.ts'
import { assertRefusal } from '../../bin/refusal.ts'
import { DATABASES, type Database } from '../../helpers/databases.ts'
import { runBin } from '../../helpers/processes.ts'

const [sqlite] = DATABASES as readonly [Database]
const HOUR = 3_600_000
const LOG = 'do-queue-2026-11-20.log'
const TIMES = ['ctime', 'mtime', 'run_at', 'expires_at', 'cancel_at', 'started_at', 'finished_at', 'lease_until']

for (const database of DATABASES) {
  test(`a task that is ready: its facts, and its attempts before they happen (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insert(project.db, 'queue', {
      task: 'send-msg',
      param: 'uid=4&uids[]=6',
      queue: 'mail',
      priority: -3,
      shard_key: 'shop-7',
      bucket: 45,
      unique_key: 'mail:4',
      retry: '1h,2h',
      max_attempts: 4,
      timeout_s: 90,
      ctime: -5 * HOUR,
      run_at: -5 * HOUR,
      expires_at: 48 * HOUR,
    })

    const { stdout } = await show(t, project, 1)

    assert.equal(
      stdout,
      `Task 1 is ready: a worker may take it.

queue        mail
task         send-msg
param        uid=4&uids[]=6
key          shop-7 (bucket 45)
unique key   mail:4
priority     -3
attempts     0 of 4
crashes      0
retry list   1h,2h (its own)
time limit   1m30s
added        TIME (5h ago)
run at       TIME (5h ago)
expires      TIME (in 2d)
changed      TIME (now)
waits for    queuectl why 1

Next attempts, if each of them fails at once:
  1  as soon as a worker takes it
  2  about TIME (in 1h)
  3  about TIME (in 3h)
  4  about TIME (in 5h)
  then it has failed
`,
    )
  })

  test(`a task that is scheduled after an attempt: what was tried, and what is to come (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_RETRY: '1h,3h,9h' } })
    const ended = { exit_code: 1, error: 'exit code 1: cannot connect\nto shop.example', ...output(4711) }
    const times = { started_at: -2 * HOUR, finished_at: -HOUR }
    await insert(project.db, 'queue', {
      ...{ task: 'sync-order', status: STATUS.scheduled, attempts: 1, ctime: -3 * HOUR, run_at: 2 * HOUR },
      ...ended,
      ...times,
      ...{ finished_at: null, cpu_ms: 12 },
    })
    await insert(project.db, 'attempt', { task_id: 1, attempt: 1, claim_token: 1, outcome: 'exit', ...ended, ...times })

    const { stdout } = await show(t, project, 1)

    assert.equal(
      stdout,
      `Task 1 is scheduled: it waits for its time.

queue        default
task         sync-order
param        (empty)
priority     0
attempts     1 of 4
crashes      0
retry list   1h,3h,9h (QUEUE_RETRY, unless its job has another)
added        TIME (3h ago)
run at       TIME (in 2h)
started      TIME (2h ago)
changed      TIME (now)
exit code    1
error        exit code 1: cannot connect
             to shop.example
CPU time     12ms
output       120 bytes at 4711 of LOGS/${LOG}
waits for    queuectl why 1

Attempts that did not finish it:
  1  TIME (2h ago) for 1h: exit code 1: cannot connect\\nto shop.example; 120 bytes at 4711 of LOGS/${LOG}

Next attempts, if each of them fails at once:
  2  not before TIME (in 2h)
  3  about TIME (in 5h)
  4  about TIME (in 14h)
  then it has failed
`,
    )
  })

  test(`a task that runs: who has it, and what follows when it fails (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertWorker(project.db)
    const running = { task: 'hang', status: STATUS.running, attempts: 2, claim_token: 7, worker_id: 1 }
    await insert(project.db, 'queue', { ...running, ctime: -5 * HOUR, run_at: -5 * HOUR, started_at: -HOUR })

    const { stdout } = await show(t, project, 1)

    assert.equal(
      stdout,
      `Task 1 is running.

queue        default
task         hang
param        (empty)
priority     0
attempts     2 of 4
crashes      0
retry list   2h,4h,6h (its worker's)
added        TIME (5h ago)
run at       TIME (5h ago)
started      TIME (1h ago)
changed      TIME (now)
worker       web-1:4711, shard 2/10, its lease is running

If this attempt fails now, and each of these at once:
  3  not before TIME (in 4h)
  4  about TIME (in 10h)
  then it has failed
`,
    )
  })

  test(`a task that runs and was cancelled has no attempts to come (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertWorker(project.db, -HOUR)
    const running = { task: 'hang', status: STATUS.running, attempts: 1, claim_token: 7, worker_id: 1 }
    const times = { ctime: -5 * HOUR, run_at: -5 * HOUR, started_at: -3 * HOUR, cancel_at: -2 * HOUR }
    await insert(project.db, 'queue', { ...running, ...times })

    const { stdout } = await show(t, project, 1)

    assert.equal(
      stdout,
      `Task 1 is running, and was cancelled: its worker stops it.

queue        default
task         hang
param        (empty)
priority     0
attempts     1 of 4
crashes      0
retry list   2h,4h,6h (its worker's)
added        TIME (5h ago)
run at       TIME (5h ago)
cancel asked TIME (2h ago)
started      TIME (3h ago)
changed      TIME (now)
worker       web-1:4711, shard 2/10, its lease is over
`,
    )
  })

  test(`a task that has failed: why, and what retry would do (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insert(project.db, 'queue', {
      ...{ task: 'die', param: 'SEGV', status: STATUS.failed, attempts: 5, crashes: 5, retry: '1h', worker_id: 9 },
      ...{ exit_signal: 'SIGSEGV', error: 'quarantined', ...output(0, 1), ctime: -5 * HOUR, run_at: -3 * HOUR },
      ...{ started_at: -2 * HOUR, finished_at: -2 * HOUR },
    })

    const { stdout } = await show(t, project, 1)

    assert.equal(
      stdout,
      `Task 1 has failed.

queue        default
task         die
param        SEGV
priority     0
attempts     5 of 2
crashes      5 in a row
retry list   1h (its own)
added        TIME (5h ago)
run at       TIME (3h ago)
started      TIME (2h ago)
finished     TIME (2h ago)
changed      TIME (now)
worker       number 9, which has left
signal       SIGSEGV
error        quarantined
output       1 byte at 0 of LOGS/${LOG}

With "queuectl retry 1" now it begins anew; if each of these fails at once:
  1  as soon as a worker takes it
  2  about TIME (in 1h)
  then it has failed
`,
    )
  })

  test(`the other states in a sentence, and what comes for each (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const past = { ctime: -5 * HOUR, run_at: -5 * HOUR, finished_at: -HOUR, retry: 'none' }
    await insert(project.db, 'queue', { task: 'a', status: STATUS.done, ...past })
    await insert(project.db, 'queue', { task: 'a', status: STATUS.cancelled, ...past })
    await insert(project.db, 'queue', { task: 'a', status: STATUS.held, ...past, finished_at: null, run_at: 2 * HOUR })
    await insert(project.db, 'queue', { task: 'a', status: STATUS.failed, ...past, expires_at: -2 * HOUR })
    await insert(project.db, 'queue', { task: 'a', ...past, finished_at: null, expires_at: -2 * HOUR })

    const shown = await Promise.all([1, 2, 3, 4, 5].map((id) => show(t, project, id)))

    const ends = shown.map(({ stdout }) => stdout.split('\n\n')).map((blocks) => [blocks[0], blocks.at(-1)])
    const retry = (id: number) =>
      `With "queuectl retry ${id}" now it begins anew; if each of these fails at once:\n` +
      '  1  as soon as a worker takes it\n  then it has failed\n'
    assert.deepEqual(ends, [
      ['Task 1 is done.', retry(1)],
      ['Task 2 was cancelled.', retry(2)],
      [
        'Task 3 is held: it waits until it is released.',
        'With "queuectl release 3" now, if each of these fails at once:\n  1  not before TIME (in 2h)\n  then it has failed\n',
      ],
      [
        'Task 4 has failed.',
        '"queuectl retry 4" refuses it, because it expired TIME (2h ago); --drop-expiry runs it all the same.\n',
      ],
      [
        'Task 5 is ready: a worker may take it.',
        'Next attempts, if each of them fails at once:\n  it fails, because it expired TIME (2h ago)\n',
      ],
    ])
  })

  test(`a waiting task tells which task of its key is in its way (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    for (const status of [STATUS.done, STATUS.held, STATUS.ready, STATUS.running, STATUS.scheduled])
      await insert(project.db, 'queue', { task: 'a', shard_key: 'shop-7', status, run_at: status === 4 ? HOUR : 0 })
    await insert(project.db, 'queue', { task: 'a', shard_key: 'shop-7', queue: 'other' })

    const shown = await Promise.all([2, 3, 5, 6].map((id) => show(t, project, id)))

    assert.deepEqual(
      shown.map(({ stdout }) => stdout.split('\n')[0]),
      [
        'Task 2 is held: it waits until it is released.',
        'Task 3 is ready: a worker may take it. It waits behind task 2 of the same key, which is held.',
        'Task 5 is scheduled: it waits for its time. It waits behind task 2 of the same key, which is held.',
        'Task 6 is ready: a worker may take it.',
      ],
    )
  })

  test(`what holds a task, and the pause that concerns it (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { db } = project
    const pause = { by: 'eve@web-1', reason: 'moving house', until: null }
    await addQueuePause(db, { queue: 'mail', task: 'say' }, pause, 1_000)
    const task = { task: 'say', queue: 'mail', ctime: -HOUR }
    await insert(db, 'queue', { ...task, status: STATUS.held, held_for: 'pause' })
    await insert(db, 'queue', { ...task, queue: 'other', status: STATUS.held, held_for: 'move:1f2e' })

    const [first, second] = [await show(t, project, 1), await show(t, project, 2)]

    assert.match(first.stdout, /\nheld for {5}a pause of its program\n/)
    assert.match(
      first.stdout,
      /\npaused {7}task program say in queue mail is paused since \S+ \S+ by eve@web-1: moving house; queuectl resume mail --task say lifts it\n/,
    )
    assert.match(second.stdout, /\nheld for {5}a move to another database that has not finished\n/)
    assert.doesNotMatch(second.stdout, /\npaused/)
  })

  test(`--json has every fact under a name of its own, times in UTC (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertWorker(project.db)
    const ended = { exit_code: 1, error: 'exit code 1', ...output(4711), cpu_ms: 3 }
    const times = { started_at: -2 * HOUR, finished_at: -HOUR }
    await insert(project.db, 'queue', {
      ...{ task: 'hang', param: 'a\nb\u001b', status: STATUS.running, attempts: 2, claim_token: 7, worker_id: 1 },
      ...{ shard_key: 'k', bucket: 3, retry: '1h', max_attempts: 4, ctime: -5 * HOUR, run_at: -5 * HOUR },
      ...{ ...ended, ...times, finished_at: null },
    })
    await insert(project.db, 'attempt', { task_id: 1, attempt: 1, claim_token: 1, outcome: 'exit', ...ended, ...times })

    const { stdout } = await runBin('queuectl', ['show', '1', '--json'], { cwd: project.directory, t })

    const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
    const place = { path: project.path('logs', LOG), offset: 4711, bytes: 120 }
    assert.deepEqual(
      JSON.parse(stdout, (_, value) => (iso.test(value) ? 'TIME' : value)),
      {
        id: 1,
        state: 'running',
        cancelling: false,
        queue: 'default',
        task: 'hang',
        param: 'a\nb\u001b',
        paramBytes: 4,
        paramMeaning: null,
        priority: 0,
        bucket: 3,
        shardKey: 'k',
        uniqueKey: null,
        keepUnique: false,
        attempts: 2,
        maxAttempts: 4,
        crashes: 0,
        heldFor: null,
        retry: '1h',
        retryOf: 'row',
        timeoutSeconds: null,
        addedAt: 'TIME',
        changedAt: 'TIME',
        runAt: 'TIME',
        expiresAt: null,
        cancelAt: null,
        paused: null,
        startedAt: 'TIME',
        finishedAt: null,
        exitCode: 1,
        exitSignal: null,
        error: 'exit code 1',
        cpuMs: 3,
        output: place,
        workerId: 1,
        worker: { host: 'web-1', pid: 4711, shard: 2, total: 10, leaseRunning: true },
        behind: null,
        past: [
          {
            attempt: 1,
            outcome: 'exit',
            startedAt: 'TIME',
            finishedAt: 'TIME',
            exitCode: 1,
            exitSignal: null,
            error: 'exit code 1',
            cpuMs: 3,
            output: place,
          },
        ],
        next: {
          when: 'ifItFails',
          attempts: [
            { attempt: 3, at: 'TIME' },
            { attempt: 4, at: 'TIME' },
          ],
          end: 'failed',
        },
      },
    )
  })
}

test('times are those of the wall clock of the project', async (t) => {
  const project = await queueProject(t, sqlite, { env: { QUEUE_TIMEZONE: 'Asia/Kolkata' } })
  await project.db.run("INSERT INTO queue (task, ctime) VALUES ('a', ?)", [Date.UTC(2026, 0, 2, 3, 4, 5)])

  const { stdout } = await runBin('queuectl', ['show', '1'], { cwd: project.directory, t })

  assert.match(stdout, /^added {8}2026-01-02 08:34:05 \((\d+d)?(\d+h)? ago\)$/m)
})

test('a list that somebody left unreadable in the row is told, with the one that is used instead', async (t) => {
  const project = await queueProject(t, sqlite)
  await insert(project.db, 'queue', { task: 'a', retry: '1m,soon' })

  const { stdout } = await show(t, project, 1)

  assert.match(
    stdout,
    /^retry list {3}1m,5m,30m \(QUEUE_RETRY, unless its job has another; its own "1m,soon" cannot be read\)$/m,
  )
})

test('a param that is long, has control characters or is not what it seems is bounded and readable', async (t) => {
  const project = await queueProject(t, sqlite)
  await insert(project.db, 'queue', { task: 'a', param: 'x'.repeat(60_000) })
  await insert(project.db, 'queue', { task: 'a', param: 'Dear all,\n\u001b[2Jbye\t\u202e' })

  const [long, odd] = await Promise.all([1, 2].map((id) => show(t, project, id)))

  assert.match(long?.stdout ?? '', /^param {8}x{1100}…\n {13}\(60000 bytes\)$/m)
  assert.match(odd?.stdout ?? '', /^param {8}Dear all,\n {13}\\u001b\[2Jbye\\t\\u202e\n {13}\(21 bytes\)$/m)
})

test('no column can move the cursor, and no sentence about a log that is not here', async (t) => {
  const project = await queueProject(t, sqlite)
  const log = { log_file: 'x\u001b[2J.log', log_offset: 0, log_bytes: 9 }
  const odd = { queue: 'q\u001b[1m', exit_signal: 'SIG\u009b1m', held_for: 'x\u001b[1m' }
  await insert(project.db, 'queue', { task: 'a', status: STATUS.held, attempts: 1, ...odd, ...log })
  await insert(project.db, 'attempt', { task_id: 1, attempt: 1, claim_token: 1, outcome: 'e\u001b[1m', ...log })

  const { stdout } = await show(t, project, 1)
  const { code, stderr } = await runBin('queuectl', ['logs', '1'], { cwd: project.directory, t })

  assert.doesNotMatch(stdout, /[^\P{Cc}\n]/u)
  assert.match(stdout, /^queue {8}q\\u001b\[1m$/m)
  assert.equal(code, 69)
  assert.match(stderr, /x\\u001b\[2J\.log, which has this output, is not here/)
})

test('of a task that is tried for ever the last attempts are shown, and the first of those to come', async (t) => {
  const project = await queueProject(t, sqlite)
  await insert(project.db, 'queue', { task: 'a', retry: '1h', max_attempts: 65_535 })
  for (let i = 1; i <= 60; i++)
    await insert(project.db, 'attempt', { task_id: 1, attempt: i, claim_token: i, outcome: 'exit' })

  const { stdout } = await show(t, project, 1)

  const [, , past, next] = stdout.split('\n\n').map((block) => block.trimEnd().split('\n'))
  assert.deepEqual(
    [past?.[0], past?.[1], past?.at(-1), past?.length],
    [
      'The last 50 attempts that did not finish it:',
      '  11  at a time not known: exit',
      '  60  at a time not known: exit',
      51,
    ],
  )
  assert.deepEqual([next?.length, next?.at(-2), next?.at(-1)], [22, '  20  about TIME (in 19h)', '  and so on'])
})

test('a status that is none of ours is told as such', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.db.run('PRAGMA ignore_check_constraints = 1')
  await insert(project.db, 'queue', { task: 'a', status: 9 })

  const { stdout, code } = await show(t, project, 1)

  assert.match(stdout, /^Task 1 has the status 9, which is no state: somebody wrote it by hand\.\n/)
  assert.equal(code, 0)
})

const REFUSED: readonly (readonly [readonly string[], number, RegExp])[] = [
  [['99'], 65, /^There is no task 99\. .+\.$/],
  [[], 64, /^An argument is missing: queuectl show <id>\. See "queuectl show --help"\.$/],
  [['1', '2'], 64, /^One task at a time\. See "queuectl show --help"\.$/],
  [['1-2'], 64, /^"1-2" is no task id\. Use a whole number such as 17\.$/],
  [['99999999999999999999'], 64, /^"99999999999999999999" is no task id\. .+\.$/],
  [['1', '--dry-run'], 64, /^--dry-run is not known here\. See "queuectl show --help"\.$/],
]

for (const [args, exitCode, sentence] of REFUSED) {
  test(`refused: queuectl show ${args.join(' ')}`, async (t) => {
    const project = await queueProject(t, sqlite)

    const ended = await project.run('queuectl', ['show', ...args])

    assertRefusal('queuectl', ended, exitCode, sentence)
  })
}

/** What is printed, with `TIME` for times of the clock, `LOGS` for the directory, and `now` for what has just been. */
async function show(t: TestContext, project: QueueProject, id: number) {
  const ended = await runBin('queuectl', ['show', `${id}`], { cwd: project.directory, t })
  const stdout = ended.stdout
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')
    .replace(/\(\d+s ago\)/g, '(now)')
    .replaceAll(project.path('logs'), 'LOGS')
  return { ...ended, stdout }
}

type Columns = Readonly<Record<string, Value>>

function output(offset: number, bytes = 120): Columns {
  return { log_file: LOG, log_offset: offset, log_bytes: bytes }
}

/** Times are milliseconds from now. */
async function insert(db: Driver, table: 'queue' | 'attempt' | 'worker', columns: Columns): Promise<void> {
  const names = Object.keys(columns)
  const isTime = (name: string) => TIMES.includes(name) && columns[name] !== null
  const values = names.map((name) => (isTime(name) ? db.dialect.fromNow('?') : '?'))
  await db.run(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${values.join(', ')})`, Object.values(columns))
}

function insertWorker(db: Driver, leaseMs = HOUR): Promise<void> {
  const identity = { host: 'web-1', boot_id: 'boot', pid: 4711, pid_start: 1 }
  return insert(db, 'worker', {
    queue: 'default',
    total: 10,
    shard: 2,
    ...identity,
    retry: '2h,4h,6h',
    lease_until: leaseMs,
  })
}
