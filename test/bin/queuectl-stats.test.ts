import assert from 'node:assert/strict'
import { test } from 'node:test'
import { durationClass } from '../../src/queue/duration-class.ts'
import { addTally, type TallySum } from '../../src/queue/store/tally.ts'
import { DATABASES } from '../helpers/databases.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

function sum(queue: string, task: string, ms: number, more: Partial<TallySum> = {}): TallySum {
  const counts = { attempts: 1, ranMs: ms, cpuMs: 4, outputBytes: 10 }
  return { queue, task, ending: 'done', durationClass: durationClass(ms), ...counts, ...more }
}

/** Moves everything that was counted so far into the past. */
async function age({ db }: QueueProject, hours: number): Promise<void> {
  const { asMs, fromMs } = db.dialect
  await db.run(`UPDATE tally SET start_at = ${fromMs(`${asMs('start_at')} - ${hours * 3_600_000}`)} WHERE minutes = 1`)
}

interface Line extends Record<string, unknown> {
  readonly attempts: Record<string, number>
  readonly durationMs: Record<string, number>
}

async function lines(project: QueueProject, ...args: string[]): Promise<Line[]> {
  const { code, stdout, stderr } = await project.run('queuectl', ['stats', '--json', ...args])
  assert.deepEqual([code, stderr], [0, ''])
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}

const exactly = (count: number) => ({ count, isExact: true, isLeast: false })

for (const database of DATABASES) {
  test(`what waits and what ended is told by queue and task (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      ...Array.from({ length: 12 }, (_, i) => ({ queue: 'mail', task: i < 9 ? 'send-msg' : 'digest', ctime: -90_000 })),
      { queue: 'mail', task: 'send-msg', status: 4, run_at: 3_600_000 },
      { queue: 'slow', task: 'export', status: 6 },
      { queue: 'slow', task: 'export', status: 3 },
    )
    await addTally(project.db, [
      sum('mail', 'send-msg', 100, { attempts: 95, ranMs: 9_500, cpuMs: 380 }),
      sum('mail', 'send-msg', 4_000, { attempts: 5, ranMs: 20_000, cpuMs: 20 }),
      sum('mail', 'send-msg', 900, { ending: 'retried', attempts: 3 }),
      sum('gone', 'old', 50, { ending: 'failed' }),
    ])

    const found = await lines(project)

    assert.deepEqual(
      found.map(({ kind, queue, task }) => [kind, queue, task]),
      [
        ['queue', 'gone', undefined],
        ['task', 'gone', 'old'],
        ['queue', 'mail', undefined],
        ['task', 'mail', 'digest'],
        ['task', 'mail', 'send-msg'],
        ['queue', 'slow', undefined],
      ],
    )
    const [gone, , mail, digest, sendMsg, slow] = found
    assert.deepEqual([gone?.ready, gone?.attempts.failed], [exactly(0), 1])
    assert.deepEqual([mail?.ready, mail?.scheduled, mail?.running], [exactly(12), exactly(1), exactly(0)])
    assert.ok(Number(mail?.oldestReadyMs) >= 90_000)
    assert.deepEqual([digest?.ready, sendMsg?.ready], [exactly(3), exactly(9)])
    assert.deepEqual(sendMsg?.attempts, { done: 100, retried: 3, failed: 0, cancelled: 0, held: 0 })
    assert.deepEqual([sendMsg?.cpuMs, sendMsg?.outputBytes], [404, 30])
    const { p50 = 0, p95 = 0, p99 = 0 } = sendMsg?.durationMs ?? {}
    assert.ok(
      p50 >= 95 && p50 <= 105 && p95 >= 855 && p95 <= 945 && p99 >= 3_800 && p99 <= 4_200,
      `${p50} ${p95} ${p99}`,
    )
    assert.ok(Math.abs(Number(sendMsg?.donePerMinute) - 100 / 60) < 0.05)
    assert.deepEqual([slow?.held, slow?.failed], [exactly(1), exactly(1)])
  })

  test(`only what is asked for is told, of the time that is asked for (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(
      { queue: 'mail', task: 'send-msg' },
      { queue: 'mail', task: 'digest' },
      { queue: 'slow', task: 'x' },
    )
    await addTally(project.db, [sum('mail', 'send-msg', 100, { attempts: 7 })])
    await age(project, 30)
    await addTally(project.db, [sum('mail', 'send-msg', 100), sum('mail', 'digest', 100)])

    const day = await lines(project, '--since', '1d', '--queue', 'mail', '--task', 'send-msg')
    const week = await lines(project, '--since', '7d', '--queue', 'mail')

    assert.deepEqual(
      day.map(({ kind, queue, ready, attempts }) => [kind, queue, ready, attempts.done]),
      [
        ['queue', 'mail', exactly(1), 1],
        ['task', 'mail', exactly(1), 1],
      ],
    )
    assert.deepEqual(
      week.map(({ attempts }) => attempts.done),
      [9, 1, 8],
    )
  })

  test(`for a pipe the table is whole, with a line for each queue and task (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'say' }, { task: 'say' })
    await project.run('do-queue', ['--limit', '1'])

    const { stdout } = await project.run('queuectl', ['stats'])

    const [head, ...rows] = stdout.trimEnd().split('\n')
    const titles = head?.split('\t') ?? []
    assert.deepEqual(titles.slice(0, 6), ['QUEUE', 'TASK', 'READY', 'OLDEST_MS', 'RUNNING', 'DONE'])
    assert.deepEqual(
      rows
        .map((row) => row.split('\t'))
        .map(([queue, task, ready, , running, done]) => [queue, task, ready, running, done]),
      [
        ['default', '', '1', '0', '1'],
        ['default', 'say', '1', '0', '1'],
      ],
    )
    assert.ok(rows.every((row) => row.split('\t').length === titles.length))
  })
}

test('where there is nothing, nothing is printed for a script; a span that makes no sense is refused', async (t) => {
  const [sqlite] = DATABASES
  assert.ok(sqlite !== undefined)
  const project = await queueProject(t, sqlite)

  assert.deepEqual(await lines(project), [])
  const refused = await project.run('queuectl', ['stats', '--since', 'yore'])

  assert.equal(refused.code, 64)
  assert.match(refused.stderr, /^queuectl: --since is "yore"\. Use a time such as/)
})
