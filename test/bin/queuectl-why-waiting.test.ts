import assert from 'node:assert/strict'
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { changeTasks } from '../../src/queue/store/change.ts'
import { addQueuePause } from '../../src/queue/store/queue-pause.ts'
import { DATABASES } from '../helpers/databases.ts'
import { HOUR, MINUTE, tells, type WhyProject, whyProject } from './why-project.ts'

const PATIENCE_MS = 1_000

for (const database of DATABASES) {
  test(`what is held, and what is not due (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { db, put } = project
    const byPerson = await put('queue', { task: 'say' })
    await changeTasks(db, 'hold', [byPerson], { patienceMs: PATIENCE_MS })
    const crashed = await put('queue', { task: 'say', status: 6, attempts: 2 })
    await past(project, crashed, 2, 'crashed')
    const aside = await put('queue', { task: 'say', status: 6, held_for: 'pause', queue: 'mail' })
    const leftAside = await put('queue', { task: 'say', status: 6, held_for: 'pause', queue: 'other' })
    await addQueuePause(
      db,
      { queue: 'mail', task: 'say' },
      { by: 'eve@web-1', reason: 'no mails today', until: null },
      PATIENCE_MS,
    )
    const moving = await put('queue', { task: 'say', status: 6, held_for: 'move:4f1c:9c3e/held' })
    await db.run(
      `INSERT INTO setting (name, value) VALUES ('move:4f1c:9c3e', '{"where":"mysql://db-2/shop","from":1,"upTo":9}')`,
    )
    const letGo = await put('queue', { task: 'say', queue: 'mail', held_for: 'let-go' })
    const later = await put('queue', { task: 'say', status: 4, run_at: 2 * HOUR + MINUTE / 2 })
    const early = await put('queue', { task: 'say', run_at: 2 * HOUR + MINUTE / 2, expires_at: HOUR })
    const uncounted = await put('queue', { task: 'say', status: 4, attempts: 0, run_at: 2 * HOUR + MINUTE / 2 })
    await past(project, uncounted, 1, 'exit', { exit_code: 75 })
    const expired = await put('queue', { task: 'say', status: 4, run_at: HOUR, expires_at: -2 * HOUR })

    await tells(project, [
      [byPerson, 'held', 'is held since TIME (now): somebody asked for that, and it waits until it is released.'],
      [
        crashed,
        'held-crashed',
        'is held since attempt 2 crashed, TIME (2h ago): how far it came is not known, and a person has to look.',
      ],
      [
        aside,
        'held-pause',
        'is set aside, because task program say in queue mail is paused since TIME by eve@web-1: no mails today.',
      ],
      [leftAside, 'held-pause', 'was set aside for a pause that is over: the next tick or worker lets it go on.'],
      [
        moving,
        'held-move',
        'is held since TIME (now) by a move to mysql://db-2/shop that has not finished: the same "queuectl move" goes on with it.',
      ],
      [later, 'not-due', 'is not due before TIME (in 2h): whoever added it asked for that.'],
      [early, 'not-due', 'is not due before TIME (in 2h): whoever added it asked for that.'],
      [
        uncounted,
        'retry',
        'is tried again TIME (in 2h), because attempt 1 of 4 did not end well: exit code 75, try later.',
      ],
      [expired, 'expired', 'expired TIME (2h ago) before it was started: it fails when a worker takes it.'],
    ])
    assert.equal((await project.why(letGo)).case, 'no-worker')
    assert.equal((await project.why(aside)).next, 'queuectl resume mail --task say')
    assert.equal((await project.why(crashed)).next, `queuectl release ${crashed}`)
    assert.equal((await project.why(early)).facts['but then'], 'it has expired, and fails')
    assert.equal((await project.why(uncounted)).facts['not counted'], 'attempt 1, so it has 0 of 4')
    assert.match((await project.why(expired)).facts['and then'] ?? '', /^it is not due before TIME/)
  })

  test(`where keys take turns no task waits for an earlier one, but for room or for its turn (${database.name})`, async (t) => {
    const project = await whyProject(t, database, { tasks: { say: '#!/bin/sh\n' } })
    const { put, worker, why } = project
    await worker('pay', 1, 0, { per_key: 2 })
    const keyed = (key: string, columns = {}) =>
      put('queue', { task: 'say', queue: 'pay', shard_key: key, bucket: 4, ...columns })
    await keyed('tried', { status: 4, attempts: 1, run_at: HOUR })
    const free = await keyed('tried')
    const behind = await keyed('tried')
    const first = await keyed('full', { status: 2, worker_id: 99, claim_token: 5 })
    await keyed('full', { status: 2, worker_id: 99, claim_token: 5 })
    const full = await keyed('full')

    assert.equal((await why(free)).case, 'next')
    await tells(project, [
      [
        behind,
        'behind',
        'is ready and waits for its turn: 1 task of its key is ahead of it, of a key 2 run at once, and keys take turns.',
      ],
      [full, 'key-full', 'waits for its turn: its key full has 2 of 2 tasks running.'],
    ])
    assert.equal((await why(full)).next, `queuectl why ${first}`)
  })

  test(`pauses, keys and programs: the first obstacle is the answer, the others are facts (${database.name})`, async (t) => {
    const project = await whyProject(t, database, {
      tasks: { 'two.sh': '', 'two.php': '', plain: { text: 'no program', mode: 0o644 }, outside: '' },
    })
    const { db, put, why, worker } = project
    writeFileSync(project.path('elsewhere'), '#!/bin/sh\n')
    chmodSync(project.path('elsewhere'), 0o755)
    symlinkSync(project.path('elsewhere'), project.path('tasks', 'leads-out'))
    await worker('default', 1, 0)
    await addQueuePause(
      db,
      { queue: 'mail', task: undefined },
      { by: 'eve@web-1', reason: 'moving house', until: Date.now() + 33 * HOUR },
      PATIENCE_MS,
    )
    await addQueuePause(
      db,
      { queue: undefined, task: 'bytes' },
      { by: 'eve@web-1', reason: null, until: null },
      PATIENCE_MS,
    )
    const inPaused = await put('queue', { task: 'nope', queue: 'mail' })
    const ofPaused = await put('queue', { task: 'bytes' })
    const key = { task: 'say', shard_key: 'shop-7', bucket: 3 }
    const running = await put('queue', {
      ...key,
      status: 2,
      attempts: 1,
      claim_token: 1,
      worker_id: 1,
      started_at: -2 * HOUR,
    })
    const behindRunning = await put('queue', key)
    const tried = {
      ...key,
      shard_key: 'shop-8',
      status: 4,
      attempts: 1,
      run_at: 2 * HOUR + MINUTE / 2,
      started_at: -HOUR,
    }
    const retried = await put('queue', tried)
    const between = await put('queue', { ...key, shard_key: 'shop-8' })
    const behindRetried = await put('queue', { ...key, shard_key: 'shop-8' })
    const held = await put('queue', { ...key, shard_key: 'shop-9', status: 6 })
    const behindHeld = await put('queue', { ...key, shard_key: 'shop-9' })
    const first = await put('queue', { ...key, shard_key: 'shop-10' })
    const second = await put('queue', { ...key, shard_key: 'shop-10' })
    const missing = await put('queue', { task: 'nope' })
    const ambiguous = await put('queue', { task: 'two' })
    const notExecutable = await put('queue', { task: 'plain' })
    const outside = await put('queue', { task: 'leads-out' })

    await tells(project, [
      [
        inPaused,
        'queue-paused',
        'is not started, because queue mail is paused since TIME by eve@web-1 until TIME: moving house.',
      ],
      [
        ofPaused,
        'task-paused',
        'is not started, because task program bytes in every queue is paused since TIME by eve@web-1.',
      ],
      [
        behindRunning,
        'key-busy',
        `waits for task ${running} of the same key, which is running on HERE:PID since TIME (2h ago).`,
      ],
      [
        behindRetried,
        'key-busy',
        `waits for task ${retried} of the same key, which did not end well and is tried again TIME (in 2h).`,
      ],
      [behindHeld, 'key-busy', `waits for task ${held} of the same key, which is held since TIME (now).`],
      [second, 'key-busy', `waits for task ${first} of the same key, which is ready itself.`],
      [missing, 'no-program', 'cannot be started on this host: there is no program nope in PROJECT/tasks.'],
      [
        ambiguous,
        'no-program',
        'cannot be started on this host: two could be two.php or two.sh: name the file with its extension.',
      ],
      [
        notExecutable,
        'no-program',
        'cannot be started on this host: plain is not executable and its extension names no interpreter: run chmod +x on it.',
      ],
      [
        outside,
        'no-program',
        'cannot be started on this host: leads-out leads out of the tasks directory, to PROJECT/elsewhere.',
      ],
    ])
    const paused = await why(inPaused)
    assert.equal(
      paused.facts['and then'],
      'it cannot be started on this host: there is no program nope in PROJECT/tasks',
    )
    assert.equal(paused.next, 'queuectl resume mail')
    const last = await why(behindRetried)
    assert.deepEqual([last.facts['ahead of it'], last.next], ['2 tasks of its key', `queuectl why ${retried}`])
    assert.match(
      (await why(second)).facts['that one'] ?? '',
      new RegExp(`^Task ${first} is ready and waits for its turn: `),
    )
    assert.equal((await why(between)).facts['ahead of it'], '1 task of its key')
    await db.run('DELETE FROM worker')
  })
}

async function past(project: WhyProject, id: number, attempt: number, outcome: string, more = {}): Promise<void> {
  const times = { started_at: -3 * HOUR, finished_at: -2 * HOUR }
  await project.put('attempt', { task_id: id, attempt, claim_token: attempt, outcome, ...times, ...more })
}
