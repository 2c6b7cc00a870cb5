/**
 * `cron-mission start`, `drain`, `stop` and `restart` while real workers run real programs.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { notAllReplaced } from '../../src/bin/command/cron-mission/restart-text.ts'
import { replaceHolders } from '../../src/bin/command/do-queue-replace.ts'
import { takeSeat } from '../../src/queue/store/seat.ts'
import { EVERY, workersUnder } from '../../src/queue/store/stop.ts'
import type { StepEnd } from '../../src/schedule/stop/rolling-restart.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import { type QueueProject, queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]

interface Seat {
  readonly shard: number
  readonly pid: number
}

interface RestartProject extends QueueProject {
  /** Who has a seat, by shard. */
  seats(): Promise<Seat[]>
  ask(...args: readonly string[]): ReturnType<QueueProject['run']>
}

async function restartProject(t: TestContext, database: Database, options = ''): Promise<RestartProject> {
  const project = await queueProject(t, database, {
    schedule: `import { always, defineSchedule } from 'cron-mission'
export default defineSchedule({
  timezone: 'UTC',
  jobs: { mail: { when: always(), queue: 'mail', shards: 2, ${options} } },
})
`,
  })
  return {
    ...project,
    ask: (...args) => project.start('cron-mission', args).exited,
    async seats() {
      const rows = await project.db.all<Seat>('SELECT shard, pid FROM worker WHERE seat IS NOT NULL ORDER BY shard')
      return rows.map(({ shard, pid }) => ({ shard: Number(shard), pid: Number(pid) }))
    },
  }
}

function title(pid: number): string {
  const path = `/proc/${pid}/cmdline`
  return existsSync(path) ? readFileSync(path, 'utf8').replaceAll('\0', ' ').trim() : ''
}

for (const database of DATABASES) {
  test(`a restart replaces every worker, and what runs goes on and is booked once (${database.name})`, async (t) => {
    const project = await restartProject(t, database)
    const begun = await project.ask('start')
    const before = await project.seats()
    const [kept, cancelled] = await project.insert(
      { task: 'wait-for', param: 'go', queue: 'mail', bucket: 0 },
      { task: 'wait-for', param: 'never', queue: 'mail', bucket: 1 },
    )
    await project.started(kept)
    await project.started(cancelled)

    const again = await project.ask('start')
    const restart = await project.ask('restart')
    const after = await project.seats()
    await project.start('queuectl', ['cancel', String(cancelled)]).exited
    project.release('go')
    await waitFor(async () => (await project.states()).join() === 'done,cancelled', { what: 'both to be booked' })

    assert.deepEqual([begun.code, begun.stderr], [0, ''])
    assert.match(begun.stdout, /^Job mail: 2 workers started: \d+, \d+\.\n$/)
    assert.match(again.stdout, /^Job mail: nothing was started: every shard with work is held: .*\n$/)
    assert.deepEqual([restart.code, restart.stderr], [0, ''])
    const lines = before.map(
      ({ shard, pid }, i) => `mail ${shard}/2 on \\S+: ${pid} -> ${after[i]?.pid} \\(\\d+\\.\\d s\\)\n`,
    )
    assert.match(restart.stdout, new RegExp(`^${lines.join('')}2 workers were replaced in \\d+\\.\\d s\\.\n$`))
    assert.deepEqual(
      after.map(({ shard }) => shard),
      [0, 1],
    )
    for (const { pid } of before) assert.equal(isAlive(pid), false)
    const rows = await project.rows()
    assert.deepEqual(
      rows.map(({ attempts }) => Number(attempts)),
      [1, 1],
    )
    assert.equal(project.events('task-done').length, 1)
    assert.equal(project.events('worker-end').filter((line) => line.includes('ending="handed over"')).length, 2)
    assert.equal(project.events('worker-replaced').length, 2)
    await waitFor(() => after.every(({ pid }) => / \(idle\)$/.test(title(pid))), { what: 'both to be idle' })
  })
}

test('drain lets a program finish that takes longer than the grace period, and start lifts it', async (t) => {
  const project = await restartProject(t, sqlite, "grace: '1s',")
  await project.ask('start')
  const [id] = await project.insert({ task: 'wait-for', param: 'go', queue: 'mail' })
  await project.started(id)

  const drain = project.start('cron-mission', ['drain', 'mail'])
  await waitFor(() => project.events('drain').length === 2, { what: 'both workers to drain' })
  await sleep(1_500)
  const states = await project.states()
  project.release('go')
  const { code, stdout } = await drain.exited
  const refused = await project.ask('restart', 'mail')
  const start = await project.ask('start', 'mail')

  assert.deepEqual(states, ['running'])
  assert.deepEqual(project.events('stop'), [])
  assert.equal(code, 0)
  assert.match(stdout, /^Job mail is stopped on \S+\. 2 workers left within \d+ s\./)
  assert.deepEqual(await project.states(), ['done'])
  assert.equal(refused.code, 75)
  assert.match(
    refused.stderr,
    /The job "mail" is stopped: its workers leave, and no other may come\. "cron-mission resume mail" lets/,
  )
  assert.match(start.stdout, /^Job mail may be started again on \S+\.\nJob mail: 2 workers started: \d+, \d+\.\n$/)
})

test('stop --kill ends a program that ignores SIGTERM, also when a drain came before', async (t) => {
  const project = await restartProject(t, sqlite, "grace: '10m',")
  await project.ask('start')
  const [id] = await project.insert({ task: 'stubborn', queue: 'mail' })
  await project.started(id)

  await project.ask('drain', '--no-wait')
  const { code } = await project.ask('stop', '--kill')

  assert.equal(code, 0)
  assert.deepEqual(await project.states(), ['scheduled'])
  assert.deepEqual(await project.seats(), [])
})

test('a worker that does not answer is named, the others are left alone, and it is replaced when it answers', async (t) => {
  const project = await restartProject(t, sqlite)
  await project.ask('start')
  const [frozen, other] = await project.seats()
  assert.ok(frozen !== undefined && other !== undefined)
  process.kill(frozen.pid, 'SIGSTOP')

  const restart = await project.ask('restart', '--timeout', '1s')
  const between = await project.seats()
  process.kill(frozen.pid, 'SIGCONT')

  assert.equal(restart.code, 75)
  assert.match(
    restart.stderr,
    new RegExp(`mail 0/2 on \\S+ was not handed over within 1s: ${frozen.pid} does not answer\\.`),
  )
  assert.match(restart.stderr, /1 step more was not begun: nothing was asked of those workers\./)
  assert.deepEqual(between, [frozen, other])
  await waitFor(
    async () => {
      const [first, second] = await project.seats()
      return first?.shard === 0 && first.pid !== frozen.pid && second?.pid === other.pid
    },
    { what: 'the new worker to have its seat' },
  )
})

test('who is to be replaced and does not answer is named by the new worker, and by the restart', async (t) => {
  const project = await restartProject(t, sqlite)
  const place = { queue: 'mail', total: 2, shard: 0 }
  const other = { host: 'web-9', bootId: 'other', pid: 7, pidStart: 1 }
  const terms = { job: 'mail', stateDirectory: '/', retry: '', crash: 'retry', timeoutMs: null } as const
  await takeSeat(project.db, place, other, terms, () => false)
  const [worker] = await workersUnder(project.db, { job: EVERY, host: EVERY })
  assert.ok(worker !== undefined)

  await assert.rejects(replaceHolders(project.db, { queue: 'mail', total: 2, shards: [0] }, 100), {
    message:
      'After 100ms, shard 0/2 of queue "mail" was not handed over by web-9:7 (0/2). See what that process does, or end it.',
  })
  assert.equal((await workersUnder(project.db, { job: EVERY, host: EVERY }))[0]?.leaveHow, 'hand over')
  const job = { id: 'mail', work: { queue: 'mail' } } as StepEnd['step']['job']
  const step = { job, old: [worker], total: 2, groups: [[0]] }
  const told = (end: Partial<StepEnd>) =>
    notAllReplaced([{ step, kind: 'failed', fresh: [], notLeft: [], ended: [], ms: 1, ...end }], [], undefined, 60_000)
      .message
  assert.equal(notAllReplaced([], [], 'SIGINT', 60_000).message, 'SIGINT ended the restart.')
  assert.equal(told({ kind: 'late' }), 'mail 0/2 on web-9 was handed over, and within 1m no other worker has come.')
  assert.equal(
    told({ reason: 'EAGAIN', notLeft: [worker] }),
    'mail 0/2 on web-9 was not replaced: a worker could not be started: EAGAIN; 7 goes on.',
  )
  assert.equal(
    told({ ended: [[9, 78]], notLeft: [worker] }),
    'mail 0/2 on web-9 was not replaced: the new worker 9 ended with exit 78; 7 goes on. The log do-queue-….log says why.',
  )
})
