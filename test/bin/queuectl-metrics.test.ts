import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { durationClass } from '../../src/queue/duration-class.ts'
import { changeIncident } from '../../src/queue/store/incident.ts'
import { addQueuePause } from '../../src/queue/store/queue-pause.ts'
import { rollUpTally } from '../../src/queue/store/roll-up-tally.ts'
import { addTally, type TallySum } from '../../src/queue/store/tally.ts'
import { writeTick } from '../../src/queue/store/tick-row.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { startProgram } from '../helpers/processes.ts'
import { PATIENCE_MS } from '../queue/stores.ts'
import { type ReadMetrics, readPrometheus } from './prometheus-lines.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]

function sum(task: string, ms: number, more: Partial<TallySum> = {}): TallySum {
  const counts = { attempts: 1, ranMs: ms, cpuMs: 500, outputBytes: 10 }
  return { queue: 'mail', task, ending: 'done', durationClass: durationClass(ms), ...counts, ...more }
}

async function metrics(project: QueueProject): Promise<ReadMetrics> {
  const { code, stdout, stderr } = await project.run('queuectl', ['metrics'])
  assert.deepEqual([code, stderr], [0, ''])
  return readPrometheus(stdout)
}

for (const database of DATABASES) {
  test(`Prometheus is told what waits, what ended and what is wrong (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { db } = project
    await project.insert(
      { queue: 'mail', task: 'send-msg', ctime: -60_000 },
      { queue: 'mail', task: 'send-msg', status: 3 },
      { queue: 'slow', task: 'export', status: 6 },
    )
    await addTally(db, [
      sum('send-msg', 50, { attempts: 4, ranMs: 200 }),
      sum('send-msg', 700),
      sum('send-msg', 0, { ending: 'failed' }),
      sum('say "hi"\\\nthere', 20_000_000),
      { ...sum('gone', 5), queue: 'empty' },
    ])
    await addQueuePause(db, { queue: 'mail', task: undefined }, { by: 'root', reason: null, until: null }, PATIENCE_MS)
    await changeIncident(db, 'import', undefined, '{"open":{"event":"failure","since":0},"pending":[],"triedAt":0}')
    await changeIncident(db, 'rollup', undefined, '{"pending":[{}],"triedAt":0}')
    await writeTick(db, { host: 'web-1', minute: 0, plan: '' })

    const { value, types, samples } = await metrics(project)

    const of = (name: string, ...more: string[]) =>
      value(`cron_mission_${name}{queue="mail"${more.map((it) => `,${it}`).join('')}}`)
    const ofTask = (name: string, ...more: string[]) => of(name, 'task="send-msg"', ...more)
    assert.deepEqual([of('queue_tasks', 'state="ready"'), of('queue_tasks', 'state="failed"')], [1, 1])
    assert.equal(value('cron_mission_queue_tasks{queue="slow",state="held"}'), 1)
    assert.equal(value('cron_mission_queue_tasks{queue="empty",state="ready"}'), 0)
    assert.ok((of('queue_oldest_ready_seconds') ?? 0) >= 60)
    assert.deepEqual([of('queue_paused'), value('cron_mission_queue_paused{queue="slow"}')], [1, 0])
    assert.deepEqual([ofTask('attempts_total', 'ending="done"'), ofTask('attempts_total', 'ending="failed"')], [5, 1])
    assert.deepEqual(['0.1', '0.5', '1', '+Inf'].map((le) => ofTask('attempt_duration_seconds_bucket', `le="${le}"`)), [4, 4, 5, 5]) // biome-ignore format: a table
    assert.deepEqual([ofTask('attempt_duration_seconds_sum'), ofTask('attempt_duration_seconds_count')], [0.9, 5])
    assert.equal(ofTask('attempt_cpu_seconds_total'), 1.5)
    assert.equal(types.get('cron_mission_attempts_total'), 'counter')
    assert.ok(samples.some(({ labels }) => labels.task === 'say "hi"\\\nthere'))
    const tick = value('cron_mission_last_tick_timestamp_seconds{host="web-1"}') ?? 0
    assert.ok(Math.abs(tick - Date.now() / 1_000) < 60)
    assert.equal(value('cron_mission_open_incidents'), 1)
  })

  test(`counters never get less, whatever is folded or deleted (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { db } = project
    const { asMs, fromMs } = db.dialect
    const attempts = async () => (await metrics(project)).value('cron_mission_attempts_total{queue="mail",task="send-msg",ending="done"}') // biome-ignore format: one line
    const age = (hours: number) =>
      db.run(`UPDATE tally SET start_at = ${fromMs(`${asMs('start_at')} - ${hours * 3_600_000}`)} WHERE minutes <> 0`)
    await addTally(db, [sum('send-msg', 50, { attempts: 3 })])
    await age(5)
    await addTally(db, [sum('send-msg', 50, { attempts: 4 })])

    assert.equal(await attempts(), 7)
    while (await rollUpTally(db, PATIENCE_MS));
    assert.equal(await attempts(), 7)
    await age(91 * 24)
    while (await rollUpTally(db, PATIENCE_MS));

    assert.equal(await attempts(), 7)
    assert.equal((await db.all('SELECT 1 FROM tally WHERE minutes <> 0')).length, 0)
  })
}

test('a file is written whole, for everybody to read, and nothing is left beside it', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.insert({ task: 'say' })
  mkdirSync(project.path('exporter'))
  writeFileSync(project.path('exporter/cron.prom'), 'old')
  chmodSync(project.path('exporter/cron.prom'), 0o600)

  const { code, stdout } = await project.run('queuectl', ['metrics', '--file', 'exporter/cron.prom'])

  assert.deepEqual([code, stdout], [0, ''])
  const read = readPrometheus(readFileSync(project.path('exporter/cron.prom'), 'utf8'))
  assert.equal(read.value('cron_mission_queue_tasks{queue="default",state="ready"}'), 1)
  assert.equal(statSync(project.path('exporter/cron.prom')).mode & 0o777, 0o644)
  assert.deepEqual(readdirSync(project.path('exporter')), ['cron.prom'])
})

test('a file that cannot be written is a sentence, and the old one stays', async (t) => {
  const project = await queueProject(t, sqlite)
  mkdirSync(project.path('taken.prom'))

  const missing = await project.run('queuectl', ['metrics', '--file', 'nowhere/cron.prom'])
  const taken = await project.run('queuectl', ['metrics', '--file', 'taken.prom'])
  const json = await project.run('queuectl', ['metrics', '--json'])

  const sentence = (path: string, code: string) =>
    `queuectl: The metrics cannot be written into ${project.path(path)} (${code}). Name a file in a directory that this user may write to.\n`
  assert.deepEqual([missing.code, missing.stderr], [78, sentence('nowhere/cron.prom', 'ENOENT')])
  assert.deepEqual([taken.code, taken.stderr], [78, sentence('taken.prom', 'EISDIR')])
  assert.equal(
    readdirSync(project.directory).some((name) => name.endsWith('.tmp')),
    false,
  )
  assert.deepEqual(
    [json.code, json.stderr],
    [64, 'queuectl: There is no --json here: metrics prints what Prometheus reads. Use "queuectl stats --json".\n'],
  )
})

test('a pipe is written to, and stays a pipe', async (t) => {
  const project = await queueProject(t, sqlite)
  const path = project.path('pipe')
  execFileSync('mkfifo', [path])
  const reading = startProgram('cat', [path], { cwd: project.directory, t })

  const { code, stderr } = await project.run('queuectl', ['metrics', '--file', 'pipe'])
  const { stdout } = await reading.exited

  assert.deepEqual([code, stderr], [0, ''])
  assert.match(stdout, /^cron_mission_pauses 0$/m)
  assert.ok(statSync(path).isFIFO())
})
