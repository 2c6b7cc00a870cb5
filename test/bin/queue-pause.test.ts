/**
 * `queuectl pause` and `resume`, while real workers and ticks are at it.
 */
import assert from 'node:assert/strict'
import { hostname, userInfo } from 'node:os'
import { test } from 'node:test'
import type { Value } from '../../src/queue/driver.ts'
import { addQueuePause, queuePauses, removeQueuePauses } from '../../src/queue/store/queue-pause.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { handProject, minuteAgo, timeText } from './hand-project.ts'
import { type QueueProject, queueProject } from './queue-project.ts'
import { assertRefusal } from './refusal.ts'

const [sqlite] = DATABASES as readonly [Database]
const ME = `${userInfo().username}@${hostname()}`
const SINCE = `since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d by ${ME}`
/** Adds the time at which it starts, in milliseconds. */
const STAMP = '#!/bin/sh\ndate +%s%3N >>stamps\n'
/** A worker asks once a second, and a program takes a moment to start. */
const LATEST_START_MS = 1_500

for (const database of DATABASES) {
  test(`a second after a pause nothing starts, and what waited was given back (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { stamp: STAMP } })
    await project.insert(...Array.from({ length: 3_000 }, (_, i) => ({ task: 'stamp', bucket: i % 60 })))
    const shard = (number: number, ...more: string[]) =>
      project.start('do-queue', ['--total', '3', '--shard', String(number), ...more])
    const leaving = [shard(0), shard(1)]
    const staying = shard(2, '--watch')
    await waitFor(() => stamps(project).length > 50, { what: 'a stream of tasks' })

    const pause = await project.start('queuectl', ['pause', 'default', '--reason', 'disk swap']).exited
    const pausedAt = Date.now()

    for (const { exited } of leaving) {
      const { code, stderr } = await exited
      assert.equal(code, 75)
      assert.match(
        stderr,
        new RegExp(
          `^do-queue: Nothing is started: queue default is paused ${SINCE}: disk swap; queuectl resume default lifts it\\.\\n$`,
        ),
      )
    }
    await waitFor(() => project.events('queue-paused').length === 3, { what: 'the worker that stays to pause' })
    await waitFor(async () => (await count(project, 'status = 2')) === 0, { what: 'the programs to end' })
    assert.equal(pause.code, 0, pause.stderr)
    const last = Math.max(...stamps(project))
    assert.ok(last <= pausedAt + LATEST_START_MS, `one started ${last - pausedAt} ms after the pause`)
    assert.ok((await count(project, 'status = 0')) > 0, 'the stream was long enough')
    assert.equal(await count(project, 'status = 0 AND (attempts > 0 OR worker_id IS NOT NULL)'), 0)

    const ran = stamps(project).length
    await project.start('queuectl', ['resume', 'default']).exited
    await waitFor(() => stamps(project).length > ran, { what: 'the worker that has stayed to go on' })
    staying.kill()
    await staying.exited
    await project.nothingIsLeft()
  })

  test(`a pause of a queue with nothing in it says so: its name may be mistyped (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert({ task: 'tally', queue: 'mail' })

    const mistyped = await project.run('queuectl', ['pause', 'mial'])
    const meant = await project.run('queuectl', ['pause', 'mail'])

    assert.match(
      mistyped.stdout,
      /\nNo task waits, runs or has failed in queue mial now: see that its name is right\.\n$/,
    )
    assert.doesNotMatch(meant.stdout, /No task/)
  })

  test(`tasks of a paused program wait, the others run, and resume lets them go (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const [first, , keyed, behind, last] = await project.insert(
      ...[{ task: 'tally', priority: 0 }, { task: 'exit' }, { task: 'tally', shard_key: 'k', bucket: 1 }],
      ...[{ task: 'exit', shard_key: 'k', bucket: 1 }, { task: 'tally' }],
    )

    const pause = await project.run('queuectl', ['pause', '--task', 'tally', '--until', '2h', '--reason', 'broken'])
    const work = await project.run('do-queue')

    assert.match(
      pause.stdout,
      new RegExp(
        `^Task program tally in every queue is paused ${SINCE} until .*\\d\\d:\\d\\d \\(broken\\)\\. "queuectl resume --task tally" lifts the pause\\.\\n$`,
      ),
    )
    assert.equal(work.code, 0, work.stderr)
    assert.deepEqual(await project.states(), ['held', 'done', 'held', 'ready', 'held'])

    await project.run('queuectl', ['release', String(keyed)])
    await project.run('queuectl', ['hold', String(last)])
    await project.run('do-queue')
    assert.deepEqual(await project.states(), ['held', 'done', 'done', 'done', 'held'], 'by hand one goes all the same')

    const resume = await project.run('queuectl', ['resume', '--task', 'tally'])
    await project.run('do-queue')

    assert.match(
      resume.stdout,
      /^The pause of task program tally in every queue is lifted; it was paused .*\n1 task that was set aside waits again\.\n$/,
    )
    assert.deepEqual(await project.states(), ['done', 'done', 'done', 'done', 'held'])
    assert.equal((await project.row(first)).attempts, 1, 'what was set aside has used up no attempt')
    assert.equal((await project.row(behind)).attempts, 1)
  })

  test(`what a resume that was killed has left behind a worker lets go (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await project.insert(...Array.from({ length: 20 }, () => ({ task: 'exit', status: 6, held_for: 'pause' })))
    const key = { queue: undefined, task: 'exit' }
    await addQueuePause(project.db, key, { by: 'ana', reason: null, until: null }, 5_000)
    await project.run('do-queue')
    const before = await count(project, 'status = 6')

    await removeQueuePauses(project.db, [key], 5_000) // all that it came to
    await project.run('do-queue')

    assert.equal(before, 20)
    assert.equal(await count(project, 'status = 1'), 20)
  })

  test(`a tick starts no worker for a paused queue, and says so wherever jobs are (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    const [task] = await project.insert({ task: 'exit', queue: 'mail' })
    await project.ask('--at', timeText(minuteAgo(9)), '--dry-run')
    await project.run('queuectl', ['pause', 'mail', '--reason', 'disk swap'])

    const minute = timeText(minuteAgo(5))
    const tick = await project.ask('--at', minute, '--wait')

    assert.deepEqual([tick.code, tick.stderr], [0, ''])
    const [slot] = await project.ledger('mail')
    const reason = `queue mail is paused ${SINCE}: disk swap; queuectl resume mail lifts it`
    assert.equal(slot?.verdict, 'paused')
    assert.match(slot?.reason ?? '', new RegExp(`^${reason}$`))
    const [status, list, why, run] = [
      await project.ask('status'),
      await project.ask('list'),
      await project.ask('why', 'mail', minute),
      await project.ask('run', 'mail', '--force'),
    ]
    assert.match(status.stdout, new RegExp(`\\n${reason.replace('queue', 'Queue')}\\.\\n`))
    assert.match(list.stdout, new RegExp(`\\nmail\\tpaused\\t.*\\t${reason}\\n`))
    assert.match(
      why.stdout,
      new RegExp(`because it was paused: ${reason}[^]*\\n  paused now      with queue mail since `),
    )
    assertRefusal('cron-mission', run, 75, new RegExp(`The job "mail" was not started: ${reason}\\.`))
    assert.deepEqual(await project.states(), ['ready'])

    await project.run('queuectl', ['resume', 'mail'])
    await project.ask('--at', timeText(minuteAgo(4)), '--wait')
    assert.equal((await project.row(task)).status, 'done')
  })

  test(`a tick lets go what was set aside for a pause whose time has come (${database.name})`, async (t) => {
    const project = await handProject(t, database)
    const [task] = await project.insert({ task: 'exit', queue: 'mail' })
    await project.run('queuectl', ['pause', '--task', 'exit', 'mail', '--until', '1s'])
    await project.run('do-queue', ['--queue', 'mail'])
    const before = (await project.row(task)).status
    await waitFor(async () => (await queuePauses(project.db)).length === 0, { what: 'the end of the pause' })

    await project.ask('--at', timeText(minuteAgo(4)), '--wait')

    assert.deepEqual([before, (await project.row(task)).status], ['held', 'done'])
  })
}

test('what is paused can be read by a script, and what makes no sense is refused', async (t) => {
  const project = await queueProject(t, sqlite)
  const json = async (...args: string[]) => JSON.parse((await project.run('queuectl', [...args, '--json'])).stdout)

  const first = await json('pause', 'mail', '--reason', 'disk swap')
  const second = await json('pause', 'mail', '--task', 'exit')
  const again = await json('pause', 'mail')
  const resumed = await json('resume', '--all')

  assert.deepEqual({ ...first, since: '', paused: [] }, {
    ...{ queue: 'mail', task: null, by: ME, since: '', until: null, reason: 'disk swap' },
    ...{ replaces: null, programs: 0, paused: [] },
  } satisfies Record<string, Value | object>)
  assert.deepEqual(second.paused.length, 2)
  assert.equal(again.replaces.reason, 'disk swap')
  assert.deepEqual([resumed.lifted.length, resumed.released, resumed.paused], [2, 0, []])

  const refused = async (code: number, sentence: RegExp, ...args: string[]) =>
    assertRefusal('queuectl', await project.run('queuectl', args), code, sentence)
  await refused(64, /Name what to pause: a queue/, 'pause')
  await refused(64, /Name what to resume: a queue/, 'resume')
  await refused(64, /--all lifts every pause/, 'resume', 'mail', '--all')
  await refused(64, /exec:report has the runs of the job report\. "cron-mission pause report"/, 'pause', 'exec:report')
  await refused(65, /is no queue name/, 'pause', 'a b')
  await refused(64, /--until is 2020-01-01, which is over/, 'pause', 'mail', '--until', '2020-01-01')
  await refused(64, /--task is ""/, 'pause', '--task', '')
})

function stamps(project: QueueProject): number[] {
  return project.lines('stamps').map(Number)
}

async function count({ db }: QueueProject, condition: string): Promise<number> {
  const [row] = await db.all<{ count: number }>(`SELECT COUNT(*) AS count FROM queue WHERE ${condition}`)
  return Number(row?.count)
}
