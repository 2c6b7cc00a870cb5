/**
 * docs/recipes/redis-list.md: a site in PHP pushes onto a list of a real Redis, and each item becomes one task, whatever is
 * killed meanwhile.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { afterwards, temporaryDirectory } from '../helpers/cleanup.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { binFile, type Running, runProgram, startProgram, waitFor } from '../helpers/processes.ts'
import { startProxy } from '../helpers/proxy.ts'
import { type PrivateRedis, startRedis } from '../helpers/redis.ts'

const [database] = DATABASES.toReversed() as [Database]
const ITEMS = Number(process.env.ITEMS ?? 3_000)
const CUSTOMERS = 7
const PROMPT_ITEMS = 40

/** A site that is told nothing of our programs: it speaks to Redis, and says which items Redis has confirmed. */
const SITE = `<?php
[, $port, $count, $customers] = $argv;
$redis = false;
for ($n = 1; $n <= $count; $n++) {
  $item = json_encode(['worker' => 'write-down', 'class' => 'Order', 'params' => ['n' => $n, 'customer' => 'c' . $n % $customers]]);
  while (!$redis) {
    $redis = @fsockopen('127.0.0.1', (int) $port);
    if (!$redis) usleep(20000);
  }
  fwrite($redis, "*3\\r\\n$5\\r\\nRPUSH\\r\\n$4\\r\\njobs\\r\\n$" . strlen($item) . "\\r\\n$item\\r\\n");
  $reply = fgets($redis);
  echo is_string($reply) && $reply[0] === ':' ? 'sure' : 'unsure', " $n\\n";
  if ($reply === false || $reply[0] !== ':') {
    fclose($redis);
    $redis = false;
  }
}
`
const WRITE_DOWN = '#!/bin/sh\nprintf "%s %s\\n" "$(date +%s%3N)" "$1" >> written.txt\n'
const FLAGS = ['--list', 'jobs', '--shard-key', 'customer']

interface Shop {
  readonly project: QueueProject
  readonly redis: PrivateRedis
}

test('every item is one task, in the order of the list, while intakes, Redis and replies are lost', async (t) => {
  const { project, redis } = await shop(t)
  const proxy = await startProxy(t, project.url)
  const intake = () =>
    project.start('queuectl', ['intake', redis.url, ...FLAGS], { env: { QUEUE_URL: proxy.url, DEBUG: '' } })
  const worker = project.start('do-queue', ['--watch', '--total', '2', '--shard', 'all', '--quiet'])
  const intakes: Running[] = [intake(), intake()]
  const site = startProgram('php', [project.path('site.php'), String(redis.port), String(ITEMS), String(CUSTOMERS)], {
    ...{ cwd: project.directory, t },
  })
  let isPushing = true
  void site.exited.then(() => {
    isPushing = false
  })
  const faults = { kills: 0, crashes: 0, replies: 0 }

  for (let round = 0; isPushing || round < 12; round++) {
    const before = await count(project)
    if (round % 4 === 3) {
      await redis.kill9()
      await redis.restart()
      faults.crashes++
    } else if (round % 4 === 1) {
      const lost = proxy.loseReply(round % 8 === 1 ? 'INSERT INTO queue' : 'UPDATE setting')
      if (isPushing) await Promise.race([lost, site.exited])
      await proxy.heal()
      faults.replies++
    } else {
      const oldest = intakes.shift() as Running
      oldest.kill('SIGKILL')
      await oldest.exited
      intakes.push(intake())
      faults.kills++
    }
    if (isPushing)
      await waitFor(async () => !isPushing || (await count(project)) > before, {
        what: 'more tasks',
        timeoutMs: 60_000,
      })
  }
  const pushed = (await site.exited).stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '))
  const sure = pushed.flatMap(([word, n]) => (word === 'sure' ? Number(n) : []))
  await waitFor(async () => (await lengths(redis)).every((length) => length === 0), {
    ...{ what: 'empty lists', timeoutMs: 120_000 },
  })
  const taken = await taskNumbers(project)
  await waitFor(async () => (await count(project, 'status <> 1')) === 0, { what: 'all tasks done', timeoutMs: 300_000 })
  for (const one of [...intakes, worker]) one.kill('SIGTERM')
  const codes = await Promise.all([...intakes, worker].map(async ({ exited }) => (await exited).code))
  t.diagnostic(`${sure.length} of ${ITEMS} pushes were confirmed; ${JSON.stringify(faults)}`)

  assert.deepEqual(
    sure.filter((n) => !taken.includes(n)),
    [],
    'nothing is lost',
  )
  assert.equal(new Set(taken).size, taken.length, 'nothing is there twice')
  assert.deepEqual(
    taken,
    taken.toSorted((a, b) => a - b),
    'the order is that of the list',
  )
  assert.deepEqual(
    written(project).toSorted((a, b) => a - b),
    taken,
    'each program ran once',
  )
  assert.deepEqual(keysInOrder(project), [])
  assert.deepEqual(codes, [0, 0, 0])
})

test('an item is at work soon after it was pushed', async (t) => {
  const { project, redis } = await shop(t)
  const worker = project.start('do-queue', ['--watch', '--quiet'])
  const intake = project.start('queuectl', ['intake', redis.url, '--list', 'jobs'])
  const push = (n: number, at: number) =>
    cli(redis, 'RPUSH', 'jobs', JSON.stringify({ worker: 'write-down', params: { n, at } }))
  push(0, Date.now())
  await waitFor(() => written(project).includes(0), { what: 'the first program' })

  for (let n = 1; n <= PROMPT_ITEMS; n++) {
    push(n, Date.now())
    await waitFor(() => written(project).includes(n), { what: `program ${n}` })
  }
  const waits = project
    .lines('written.txt')
    .slice(1)
    .map((line) => Number(line.slice(0, 13)) - JSON.parse(line.slice(14)).at)
    .toSorted((a, b) => a - b)
  t.diagnostic(
    `from push to program: p50 ${waits[waits.length >> 1]} ms, p95 ${waits[Math.floor(waits.length * 0.95)]} ms`,
  )
  for (const one of [intake, worker]) one.kill('SIGTERM')

  assert.equal(waits.length, PROMPT_ITEMS)
  assert.equal((await intake.exited).code, 0)
  assert.match((await intake.exited).stdout, /^41 items of jobs: 41 tasks added\.$/m)
})

test('where a crash of Redis undoes what was taken, items come twice and none is lost', async (t) => {
  const { project, redis } = await shop(t)
  const once = () => project.run('queuectl', ['intake', redis.url, '--list', 'jobs', '--once'])
  const data = join(redis.directory, 'appendonlydir')
  const copy = join(redis.directory, 'copy')
  const item = (n: number) => JSON.stringify({ worker: 'write-down', params: { n } })
  cli(redis, 'RPUSH', 'jobs', item(1), item(2))
  await once()
  cli(redis, 'RPUSH', 'jobs', item(3), item(4), item(5))
  await redis.kill9()
  cpSync(data, copy, { recursive: true })
  await redis.restart()

  await once()
  await redis.kill9()
  rmSync(data, { recursive: true })
  cpSync(copy, data, { recursive: true })
  await redis.restart()
  cli(redis, 'RPUSH', 'jobs', item(6), item(7))
  await once()
  const undone = await taskNumbers(project)
  const lastNumber = cli(redis, 'HGET', 'jobs:intake', 'done')
  cli(redis, 'FLUSHALL')
  cli(redis, 'RPUSH', 'jobs', item(8))
  await once()

  assert.deepEqual(undone, [1, 2, 3, 4, 5, 3, 4, 5, 6, 7])
  assert.equal(lastNumber, '10', 'no number was given twice')
  assert.deepEqual((await taskNumbers(project)).slice(undone.length), [8])
})

test('a database that is away keeps items where they are, and a stop then loses none', async (t) => {
  const { project, redis } = await shop(t)
  const proxy = await startProxy(t, project.url)
  const intake = project.start('queuectl', ['intake', redis.url, '--list', 'jobs'], { env: { QUEUE_URL: proxy.url } })
  cli(redis, 'RPUSH', 'jobs', JSON.stringify({ worker: 'write-down', params: { n: 1 } }))
  await waitFor(async () => (await count(project)) === 1, { what: 'the first task' })

  await proxy.refuse()
  proxy.cut()
  cli(redis, 'RPUSH', 'jobs', JSON.stringify({ worker: 'write-down', params: { n: 2 } }))
  await waitFor(() => intake.stderr.includes('what was taken stays in jobs:taken.'), { what: 'the intake to wait' })
  intake.kill('SIGTERM')
  const { code } = await intake.exited
  const onTheirWay = cli(redis, 'LLEN', 'jobs:taken')
  await project.run('queuectl', ['intake', redis.url, '--list', 'jobs', '--once'])

  assert.equal(code, 69)
  assert.equal(onTheirWay, '1')
  assert.deepEqual(await taskNumbers(project), [1, 2])
})

test('what is no task goes to a list of its own, once, and a list of another database is refused', async (t) => {
  const { project, redis } = await shop(t)
  const other = await queueProject(t, DATABASES[0] as Database)
  const items = [
    'no JSON',
    '{"class":"A"}',
    `{"worker":"write-down","params":"${'x'.repeat(65_536)}"}`,
    '{"worker":"a/b"}',
  ]
  cli(redis, 'LPUSH', 'jobs', ...items, '{"worker":"write-down","params":{"n":1}}')

  const { stdout, stderr } = await project.run('queuectl', [
    'intake',
    redis.url,
    ...['--list', 'jobs', '--from', 'right', '--once'],
  ])
  const refused = await other.run('queuectl', ['intake', redis.url, '--list', 'jobs', '--once'])

  assert.match(stdout, /^5 items of jobs: 1 task added, 4 rejected\.$/m)
  assert.equal(stderr.trimEnd().split('\n').length, 4)
  assert.deepEqual(cli(redis, 'LRANGE', 'jobs:rejected', '0', '-1').split('\n'), items)
  assert.deepEqual(await taskNumbers(project), [1])
  assert.equal(refused.code, 78)
  assert.match(refused.stderr, /is taken into another queue database\. Let the intake there empty it with --once/)
})

test('as a job that is always at work it is back soon after its death, and a stop lets it finish', async (t) => {
  const command = JSON.stringify([process.execPath, binFile('queuectl'), 'intake', '--list', 'jobs'])
  const { project, redis } = await shop(
    t,
    `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: {
  intake: { when: always(), exec: ${command}, grace: '2s' },
  work: { when: always(), queue: 'default' },
} })
`,
  )
  const daemon = project.start('cron-mission', ['daemon'])
  const [victim] = await waitFor(
    () => (project.events('tick').length > 0 && intakePids(project).length === 1 ? intakePids(project) : undefined),
    { what: 'the intake', timeoutMs: 30_000 },
  )
  // The daemon has to have seen its worker, or the next tick puts it back.
  await waitFor(async () => (await count(project, "status = 2 AND task = 'intake'")) === 1, { what: 'its run' })
  await sleep(5_000)
  const killedAt = performance.now()

  process.kill(victim as number, 'SIGKILL')
  await waitFor(() => intakePids(project).length === 2, { what: 'another intake', timeoutMs: 90_000 })
  t.diagnostic(`at work again ${Math.round(performance.now() - killedAt)} ms after it was killed`)
  cli(redis, 'RPUSH', 'jobs', JSON.stringify({ worker: 'write-down', params: { n: 1 } }))
  await waitFor(() => written(project).includes(1), { what: 'the program' })
  const runs = await project.db.all<{ status: number }>("SELECT status FROM queue WHERE task = 'intake' ORDER BY id")
  const why = await project.start('cron-mission', ['why', 'intake']).exited
  daemon.kill('SIGTERM')
  const { code } = await daemon.exited

  assert.equal(code, 0)
  assert.deepEqual(
    runs.map(({ status }) => Number(status)),
    [3, 2],
  )
  assert.match(why.stdout, /^intake is always to be at work: .* its command runs now\./)
  assert.match(intakeEvents(project, 'intake-end').join(), /reason=SIGTERM items=1 added=1/)
})

test('a Redis that is full can be emptied, and is waited at', async (t) => {
  const { project, redis } = await shop(t)
  const push = (n: number) => cli(redis, 'RPUSH', 'jobs', JSON.stringify({ worker: 'write-down', params: { n } }))
  push(1)
  cli(redis, 'CONFIG', 'SET', 'maxmemory', '1')

  const intake = project.start('queuectl', ['intake', '--list', 'jobs', '--json'])
  await waitFor(async () => (await count(project)) === 1, { what: 'the first task' })
  await sleep(500)
  cli(redis, 'CONFIG', 'SET', 'maxmemory', '0')
  push(2)
  await waitFor(async () => (await count(project)) === 2, { what: 'the second task' })
  intake.kill('SIGTERM')
  const { code, stdout, stderr } = await intake.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.deepEqual(JSON.parse(stdout), { list: 'jobs', items: 2, added: 2, duplicates: 0, rejected: 0 })
  assert.deepEqual(intakeEvents(project, 'redis-lost'), [])
})

test('who cannot go on says why in a sentence', async (t) => {
  const { project, redis } = await shop(t)
  cli(redis, 'SET', 'text', 'x')
  cli(redis, 'CONFIG', 'SET', 'requirepass', 'secret')
  const url = redis.url.replace('redis://', 'redis://:secret@')
  const alone = temporaryDirectory(t)
  cpSync(join(binFile('queuectl'), '../..'), join(alone, 'dist'), { recursive: true })
  writeFileSync(join(alone, 'package.json'), '{ "version": "1.0.0" }')
  const bare = [join(alone, 'dist/bin/queuectl.js'), 'intake', url, '--list', 'jobs', '--dry-run']

  const locked = await project.run('queuectl', ['intake', '--list', 'jobs', '--once'])
  const text = await project.run('queuectl', ['intake', url, '--list', 'text', '--once'])
  const missing = await runProgram(process.execPath, bare, { cwd: alone, t })

  assert.deepEqual([locked.code, text.code, missing.code], [78, 78, 78])
  assert.match(
    locked.stderr,
    /^queuectl: Redis 127\.0\.0\.1:\d+\/0 refuses \(NOAUTH .*\)\. It has to be of version 7\.0 or later/,
  )
  assert.match(text.stderr, /^queuectl: The key text of Redis 127\.0\.0\.1:\d+\/0 holds no list\. Correct --list\.$/m)
  assert.match(
    missing.stderr,
    /^queuectl: The package @redis\/client is not installed\. Run "npm install @redis\/client"/,
  )
  assert.doesNotMatch(locked.stderr + text.stderr + missing.stderr, /secret/)
})

async function shop(t: TestContext, schedule?: string): Promise<Shop> {
  const redis = await startRedis()
  afterwards(t, () => redis.stop())
  const project = await queueProject(t, database, {
    ...(schedule === undefined ? {} : { schedule }),
    tasks: { 'write-down': WRITE_DOWN },
    env: { QUEUE_INTAKE_URL: redis.url },
  })
  writeFileSync(project.path('site.php'), SITE)
  return { project, redis }
}

/** Of the intakes that have been started. */
function intakePids(project: QueueProject): number[] {
  return intakeEvents(project, 'intake-start').map((line) => Number(line.split(' ')[2]))
}

function intakeEvents(project: QueueProject, event: string): string[] {
  const logs = readdirSync(project.path('logs')).filter((name) => name.startsWith('intake-'))
  return logs.flatMap((name) => project.lines(join('logs', name))).filter((line) => line.includes(` ${event} `))
}

function cli({ port }: PrivateRedis, ...words: readonly string[]): string {
  return execFileSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).trimEnd()
}

async function lengths(redis: PrivateRedis): Promise<number[]> {
  return ['jobs', 'jobs:taken', 'jobs:rejected'].map((key) => Number(cli(redis, 'LLEN', key)))
}

async function count({ db }: QueueProject, where = '1 = 1'): Promise<number> {
  const [row] = await db.all<{ count: number }>(`SELECT COUNT(*) AS count FROM queue WHERE ${where}`)
  return Number(row?.count)
}

/** `n` of each task, in the order of the ids. */
async function taskNumbers({ db }: QueueProject): Promise<number[]> {
  const rows = await db.all<{ param: string }>('SELECT param FROM queue ORDER BY id')
  return rows.map(({ param }) => JSON.parse(param).n)
}

/** What the programs wrote, in the order in which they ran. */
function written({ path }: QueueProject): number[] {
  return lines(path('written.txt')).map((line) => JSON.parse(line.slice(14)).n)
}

/** Numbers that ran before an earlier one of their customer. */
function keysInOrder({ path }: QueueProject): number[] {
  const last = new Map<string, number>()
  return lines(path('written.txt')).flatMap((line) => {
    const { n, customer } = JSON.parse(line.slice(14)) as { n: number; customer: string }
    const before = last.get(customer) ?? 0
    last.set(customer, n)
    return n < before ? n : []
  })
}

function lines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n')
  } catch {
    return []
  }
}
