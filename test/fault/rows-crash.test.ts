/** Programs that die, and runners that are killed under them: what is tried again, how often, and what waits for a person. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'

const [sqlite] = DATABASES as readonly [Database]

const MINUTE = 60_000
const LOST = 'its runner ended in the middle of it, and how far it came is not known'

/** `fragile` dies by itself, `suicidal` takes its runner along; each writes down that it ran. */
const tasks = {
  fragile: '#!/bin/sh\necho "$TASK_ID" >>runs\nkill -s SEGV $$\n',
  suicidal: '#!/bin/sh\necho "$TASK_ID" >>runs\nkill -s KILL 0\n',
}

for (const database of DATABASES) {
  for (const [task, reason] of [
    ['fragile', 'ended by SIGSEGV'],
    ['suicidal', LOST],
  ] as const) {
    test(`${task}: after five such ends in a row it has failed and is not run a sixth time (${database.name})`, async (t) => {
      const project = await queueProject(t, database, { tasks })
      const retry = Array(50).fill('10ms').join(',')
      const [id, other] = await project.insert({ task, retry, max_attempts: 100 }, { task: 'tally' })

      for (let runs = 0; runs < 8; runs++) await whenDue(project)

      const row = await project.row(id)
      assert.equal(row.status, 'failed')
      assert.ok(row.error?.startsWith(`quarantined, 5 crashes or signals in a row: ${reason}`), row.error ?? '')
      assert.equal(project.lines('runs').filter((line) => line === `${id}`).length, 5)
      assert.equal((await project.attempts(id)).length, 5)
      assert.match(project.events('task-failed').join(), /quarantined/)
      assert.equal((await project.row(other)).status, 'done')
    })
  }

  test(`a task whose runner was killed is run again: at once the first time, then by its list, and no attempt is used up (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks, env: { QUEUE_CRASH: 'retry' } })
    const [id] = await project.insert({ task: 'suicidal', retry: '7m,17m', max_attempts: 1 })

    const seen: unknown[] = []
    for (let runs = 0; runs < 3; runs++) {
      await whenDue(project)
      const { status, attempts, delayMs, error } = await project.row(id)
      seen.push([status, attempts, delayMs / MINUTE, error])
    }

    assert.deepEqual(seen, [
      ['scheduled', 0, 0, LOST],
      ['scheduled', 0, 7, LOST],
      ['scheduled', 0, 17, LOST],
    ])
    assert.deepEqual(
      (await project.attempts(id)).map(({ outcome }) => outcome),
      ['crashed', 'crashed', 'crashed'],
    )
  })
}

for (const [policy, becomes, event] of [
  ['hold', 'held', 'task-held'],
  ['fail', 'failed', 'task-failed'],
] as const) {
  test(`with QUEUE_CRASH=${policy} a task whose runner was killed is ${becomes}, and not run again by itself`, async (t) => {
    const project = await queueProject(t, sqlite, { tasks, env: { QUEUE_CRASH: policy } })
    const [id, other] = await project.insert({ task: 'suicidal', unique_key: 'order 42' }, { task: 'tally' })

    for (let runs = 0; runs < 3; runs++) await whenDue(project)

    const { status, error } = await project.row(id)
    assert.deepEqual([status, error], [becomes, LOST])
    assert.equal(project.lines('runs').filter((line) => line === `${id}`).length, 1)
    assert.match(project.events(event).join(), new RegExp(` id=${id} `))
    assert.equal((await project.row(other)).status, 'done')
    const again = project.insert({ task: 'tally', unique_key: 'order 42' })
    if (becomes === 'held') await assert.rejects(again, project.db.dialect.isDuplicate)
    else await again
  })
}

test('four such ends, then a failure of its own, and it begins to count anew', async (t) => {
  const fickle = `#!/bin/sh
echo "$TASK_ID" >>runs
case $(grep -c . runs) in 5) exit 1 ;; 10) exit 0 ;; *) kill -s SEGV $$ ;; esac
`
  const project = await queueProject(t, sqlite, { tasks: { fickle } })
  const [id] = await project.insert({ task: 'fickle', retry: '10ms', max_attempts: 100 })

  for (let runs = 0; runs < 10; runs++) await whenDue(project)

  const { status, attempts } = await project.row(id)
  assert.deepEqual([status, attempts], ['done', 10])
})

/** One run of do-queue; what waits for a retry is due. */
async function whenDue(project: QueueProject): Promise<void> {
  const { db } = project
  await db.run(`UPDATE queue SET run_at = ${db.dialect.fromNow('-1000')} WHERE status = 4`)
  await project.run('do-queue', ['--concurrency', '2'])
}
