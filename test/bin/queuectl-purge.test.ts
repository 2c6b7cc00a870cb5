/** `queuectl purge` as it is typed, and as a job. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { migrate } from '../../src/queue/migrate.ts'
import { openDriver } from '../../src/queue/url.ts'
import { finished, insertRows, tasksThere } from '../ctl/stored-rows.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { queueProject } from './queue-project.ts'

for (const database of DATABASES) {
  test(`it tells what would go, and what has gone, and needs no terminal (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { env: { QUEUE_TIMEZONE: 'UTC' } })
    const old = 'do-queue-2020-01-02.log'
    mkdirSync(project.path('logs'))
    writeFileSync(project.path('logs', old), 'x'.repeat(2_048))
    const strange = ['do-queue-2020-01-03.log', 'do-queue-2020-01-04.log'].map((name) => project.path('logs', name))
    mkdirSync(strange[0] ?? '')
    symlinkSync(project.path('.env'), strange[1] ?? '')
    const [id = 0] = await insertRows(project.db, [
      finished(40, { task: 'a', status: 3 }),
      finished(41, { task: 'b' }),
      finished(40, { task: 'paid', unique_key: 'u', keep_unique: 1 }),
      finished(1, { task: 'young' }),
    ])
    await insertRows(project.db, [{ task_id: id, attempt: 1, claim_token: 1, outcome: 'exit' }], 'attempt')
    const purge = (...args: string[]) => project.run('queuectl', ['purge', '--older-than', '30d', ...args])

    const dry = await purge('--logs', '--dry-run')
    const dryFacts = JSON.parse((await purge('--dry-run', '--json')).stdout) as Record<string, unknown>
    const done = await purge('--status', 'done', '--json')
    const rest = await purge('--logs')
    const none = await purge()

    const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.source
    assert.match(
      dry.stdout,
      new RegExp(
        `^Would delete 2 tasks \\(1 done, 1 failed\\) that finished from ${time} to ${time}\\.\nWould delete 1 log file \\(2\\.0 KiB\\)\\.\n$`,
      ),
    )
    assert.deepEqual([dryFacts.count, dryFacts.isExact, dryFacts.done, dryFacts.failed], [2, true, 1, 1])
    const facts = JSON.parse(done.stdout) as Record<string, unknown>
    assert.deepEqual([facts.deleted, facts.done, facts.attempts, facts.ended], [1, 1, 0, 'all'])
    assert.match(
      rest.stdout,
      /^Deleted 1 task \(1 failed\) and 1 attempt in \S+\.\n1 task keeps its unique value for good; --free-unique deletes it, too\.\nDeleted 1 log file \(2\.0 KiB\)\.\n$/,
    )
    assert.match(none.stdout, /^Nothing to delete: no such task finished that long ago\.\n1 task keeps/)
    assert.deepEqual(
      [dry, done, rest, none].map(({ code, stderr }) => [code, stderr]),
      new Array(4).fill([0, '']),
    )
    assert.deepEqual(await tasksThere(project.db), ['paid', 'young'])
    assert.equal(existsSync(project.path('logs', old)), false)
    assert.deepEqual(strange.map(existsSync), [true, true])
  })

  test(`it stops when its time is over, and between two batches when it is asked to (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { fromNow } = project.db.dialect
    const values = new Array(8_000).fill(`('t', 1, ${fromNow('-4000000000')})`)
    await project.db.run(`INSERT INTO queue (task, status, finished_at) VALUES ${values.join(', ')}`)
    const left = async () => (await tasksThere(project.db)).length

    const timed = await project.run('queuectl', ['purge', '--older-than', '30d', '--max-time', '100ms', '--pace', '10'])
    const afterTime = await left()
    const running = project.start('queuectl', ['purge', '--older-than', '30d', '--pace', '1'])
    while ((await left()) === afterTime && running.stdout === '') await new Promise((done) => setTimeout(done, 20))
    running.kill('SIGTERM')
    const stopped = await running.exited

    assert.match(timed.stdout, /There may be more: the next purge goes on\.\n$/)
    assert.ok(afterTime > 0 && afterTime < 8_000, `${afterTime} are left`)
    assert.deepEqual([stopped.code, stopped.stderr], [75, ''])
    assert.match(stopped.stdout, /^Deleted [\d,]+ tasks .*There may be more/)
    assert.ok((await left()) > 0)
  })
}

const server = DATABASES.find(({ name }) => name === 'mariadb')

test('of a project on a server, the runs in this host’s own database go, too', {
  skip: server === undefined && 'no server',
}, async (t) => {
  const project = await queueProject(t, server as (typeof DATABASES)[0])
  mkdirSync(project.path('.queue'))
  const own = await openDriver('sqlite:.queue/host.db', project.directory)
  afterwards(t, () => own.close())
  await migrate(own)
  await insertRows(own, [finished(40, { task: 'backup', queue: 'exec:backup' }), finished(1, { task: 'young' })])
  await insertRows(project.db, [finished(40)])

  const { stdout } = await project.run('queuectl', ['purge', '--older-than', '30d'])

  assert.match(stdout, /^Deleted 2 tasks \(2 done\)/)
  assert.deepEqual([await tasksThere(project.db), await tasksThere(own)], [[], ['young']])
})

test('what makes no sense is refused with what to do', async (t) => {
  const project = await queueProject(t, DATABASES[0] as (typeof DATABASES)[0])
  const refusal = async (...args: string[]) => {
    const { code, stderr } = await project.run('queuectl', ['purge', ...args])
    return `${code} ${stderr}`
  }

  assert.match(await refusal(), /^64 queuectl: Say how old: --older-than 30d/)
  assert.match(await refusal('--older-than', '30x'), /^64 queuectl: --older-than is "30x"\. Use a duration/)
  assert.match(
    await refusal('--older-than', '30d', '--status', 'ready'),
    /^64 queuectl: --status is "ready"\. Use done/,
  )
  assert.match(await refusal('--older-than', '30d', '--pace', '0'), /^64 queuectl: --pace is 0\. Use a whole number/)
})
