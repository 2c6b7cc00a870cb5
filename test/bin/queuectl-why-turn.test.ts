import assert from 'node:assert/strict'
import test from 'node:test'
import { addTally } from '../../src/queue/store/tally.ts'
import { DATABASES } from '../helpers/databases.ts'
import { HOUR, MINUTE, tells, whyProject } from './why-project.ts'

for (const database of DATABASES) {
  test(`nothing keeps it back: how many are ahead, and whether anybody works its part (${database.name})`, async (t) => {
    const project = await whyProject(t, database)
    const { db, put, why, worker } = project
    const elsewhere = { host: 'web-9', boot_id: 'other', pid: 4711, pid_start: 1 }
    await worker('mail', 4, 1)
    await worker('mail', 4, 2, elsewhere)
    await worker('mail', 4, 0, { ...elsewhere, pid: 4713, beat_at: -MINUTE, lease_until: 10 * MINUTE })
    const busy = await worker('orders', 1, 0)
    const late = { mtime: -2 * HOUR, ctime: -2 * HOUR, run_at: -2 * HOUR }
    const urgent = await put('queue', { task: 'say', queue: 'mail', bucket: 5, priority: -1 })
    await put('queue', { task: 'say', queue: 'mail', bucket: 9 })
    const third = await put('queue', { task: 'say', queue: 'mail', bucket: 5 })
    const uncovered = await put('queue', { task: 'say', queue: 'mail', bucket: 7 })
    const silent = await put('queue', { task: 'say', queue: 'mail', bucket: 8 })
    const notTaken = await put('queue', { task: 'say', queue: 'mail', bucket: 10, ...late })
    const alone = await put('queue', { task: 'say', queue: 'reports' })
    const due = await put('queue', { task: 'say', status: 4, run_at: -2 * HOUR, queue: 'reports' })
    await put('queue', { task: 'say', queue: 'orders', status: 2, attempts: 1, claim_token: 1, worker_id: busy })
    const afterBusy = await put('queue', { task: 'say', queue: 'orders' })
    // 29 in nine and a half minutes by the workers of three shards: about one a minute for each.
    const ended = { queue: 'mail', task: 'say', ending: 'done', durationClass: 1 } as const
    await addTally(db, [{ ...ended, attempts: 2, ranMs: 1, cpuMs: 1, outputBytes: 0 }])
    await db.run(
      `INSERT INTO tally (minutes, start_at, queue, task, ending, duration, attempts)
       VALUES (1, ${db.dialect.fromNow('?')}, 'mail', 'say', 'done', 1, 27)`,
      [-9.5 * MINUTE],
    )

    await tells(project, [
      [urgent, 'next', 'is next: worker HERE:PID of shard 1/4 takes it within a second or two.'],
      [
        third,
        'behind',
        'is ready and waits for its turn: 2 tasks are ahead of it, at the rate of the last minutes about 2m.',
      ],
      [uncovered, 'no-shard', 'is ready, and no worker works its part of the queue mail.'],
      [
        silent,
        'worker-silent',
        `waits for worker web-9:4713 of shard 0/4, which was last heard from TIME (1m ago): its shard is free when its lease is over, at TIME (in DISTANCE).`,
      ],
      [
        notTaken,
        'not-taken',
        'is next, and worker web-9:4711 of shard 2/4 has nothing to do and has not taken it for 2h: it was told to take others, with --task or --since, or it stands still.',
      ],
      [afterBusy, 'workers-busy', 'is next: worker HERE:PID takes it when the task that it has is done.'],
      [alone, 'no-worker', 'is ready, and no worker works the queue reports.'],
      [
        due,
        'not-promoted',
        'has been due since TIME (2h ago), and nobody has made it ready: that takes a tick or a worker, and none is there.',
      ],
    ])
    assert.equal((await why(uncovered)).next, 'do-queue --queue mail --total 4 --shard 3')
    assert.equal((await why(alone)).next, 'do-queue --queue reports')
    await db.run('DELETE FROM worker')
  })
}
