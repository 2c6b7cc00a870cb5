/** `queuectl move`, `export` and `import` as they are typed. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { migrate } from '../../src/queue/migrate.ts'
import { openDriver } from '../../src/queue/url.ts'
import { insertRows, tasksThere } from '../ctl/stored-rows.ts'
import { afterwards } from '../helpers/cleanup.ts'
import { DATABASES } from '../helpers/databases.ts'
import { runProgram, waitFor } from '../helpers/processes.ts'
import { queueProject } from './queue-project.ts'

const ID_AND_AT = /"id":\d+,/g

for (const [i, database] of DATABASES.entries()) {
  test(`waiting tasks go to another queue, and to another database (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const { url } = await (DATABASES[(i + 1) % DATABASES.length] as (typeof DATABASES)[0]).create(t)
    const target = await openDriver(url, '/')
    afterwards(t, () => target.close())
    await insertRows(project.db, [
      { task: 'a', queue: 'mail' },
      { task: 'b', queue: 'mail', status: 2 },
      { task: 'c', queue: 'mail', attempts: 1 },
    ])
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await project.run('queuectl', args)
      return `${code} ${stdout}${stderr}`
    }

    const refused = await run('move', '--queue', 'mail', '--to', 'slow')
    const dry = await run('move', '--queue', 'mail', '--to', 'slow', '--dry-run')
    const moved = await run('move', '--queue', 'mail', '--to', 'slow', '--yes')
    // A server's tables are made by a person; those of a file are made at once.
    const unready = target.dialect.migratesItself ? '' : await run('move', '--to-url', url, '--yes')
    await migrate(target)
    const away = await run('move', '--to-url', url, '--yes')
    const again = await run('move', '--to-url', url, '--yes', '--json')

    assert.equal(refused, '64 queuectl: There is no terminal to ask at. Look with --dry-run, then give --yes.\n')
    assert.equal(dry, '0 Would move 2 tasks to the queue slow.\n1 task runs and stays.\n')
    assert.equal(moved, '0 Moved 2 tasks to the queue slow.\n1 task runs and stays.\n')
    if (unready !== '') assert.match(unready, /^78 queuectl: The database has no queue tables yet/)
    assert.match(
      away,
      /^0 Moved 2 tasks to .*\.\n1 task has been tried before: its next attempt finds another TASK_KEY\.\n1 task runs and stays\.\n$/,
    )
    assert.doesNotMatch(away, /root/, 'where it is, without the user')
    assert.deepEqual(JSON.parse(again.slice(2)), {
      ...{ moved: 0, resumed: 0, tried: 0, duplicates: [], refused: [], running: 1, ended: 'all', cutOffElsewhere: [] },
    })
    assert.deepEqual([await tasksThere(project.db), await tasksThere(target)], [['b'], ['a', 'c']])
  })

  test(`an export is imported from a file and from a pipe (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    await insertRows(project.db, [
      { task: 'a', param: 'ä "1"', shard_key: 'k', bucket: 1 },
      { task: 'b', status: 3, error: 'exit code 1', finished_at: -1_000 },
    ])
    const queuectl = (args: readonly string[], stdin = '') => project.run('queuectl', args, { stdin })

    const all = await queuectl(['export'])
    const failed = await queuectl(['export', '--status', 'failed'])
    writeFileSync(project.path('all.ndjson'), all.stdout)
    await project.db.run('DELETE FROM queue')
    const dry = await queuectl(['import', 'all.ndjson', '--dry-run'])
    const bad = await queuectl(['import'], `${all.stdout}{"task":""}\n`)
    assert.deepEqual(await tasksThere(project.db), [])
    const file = await queuectl(['import', 'all.ndjson'])
    const pipe = await queuectl(['import', '-', '--queue', 'late', '--json'], failed.stdout)
    const after = await queuectl(['export', '--queue', 'default'])
    const reader = await runProgram(
      'sh',
      ['-c', `"$0" "$1" export --url '${project.url}' | head -n 1 | wc -l`, process.execPath, 'dist/bin/queuectl.js'],
      { cwd: `${import.meta.dirname}/../..`, t },
    )

    assert.deepEqual([all.code, all.stdout.split('\n').length, failed.stdout.split('\n').length], [0, 3, 2])
    assert.equal(dry.stdout, 'Every line is fine. Without --dry-run, added: 2 tasks (1 ready, 1 failed).\n')
    assert.deepEqual([bad.code, bad.stdout], [65, ''])
    assert.match(bad.stderr, /^queuectl: Line 3: The task is empty/)
    assert.equal(file.stdout, 'Added 2 tasks (1 ready, 1 failed).\n')
    assert.deepEqual(JSON.parse(pipe.stdout), { dryRun: false, added: 1, failed: 1, duplicates: 0, ran: 0, leftOut: 0 })
    assert.equal(after.stdout.replaceAll(ID_AND_AT, ''), all.stdout.replaceAll(ID_AND_AT, ''))
    assert.deepEqual([reader.stdout.trim(), reader.stderr], ['1', ''])
  })
}

test('an import that is stopped says with which line to go on', async (t) => {
  const [sqlite] = DATABASES as [(typeof DATABASES)[0]]
  const project = await queueProject(t, sqlite)
  writeFileSync(project.path('many.ndjson'), '{"task":"a"}\n'.repeat(100_000))
  const added = async () => (await project.db.all('SELECT id FROM queue LIMIT 1')).length > 0

  const importing = project.start('queuectl', ['import', 'many.ndjson'])
  await waitFor(added, { what: 'the first tasks to be added' })
  importing.kill('SIGINT')
  const { code, stdout, stderr } = await importing.exited

  const [{ count } = { count: 0 }] = await project.db.all<{ count: number }>('SELECT COUNT(*) AS count FROM queue')
  assert.deepEqual([code, stderr], [75, ''])
  assert.ok(stdout.includes(`go on with "tail -n +${Number(count) + 1} FILE | queuectl import"`), stdout)
})

test('what makes no sense is refused with what to do', async (t) => {
  const project = await queueProject(t, DATABASES[0] as (typeof DATABASES)[0])
  const refusal = async (...args: string[]) => {
    const { code, stderr } = await project.run('queuectl', args)
    return `${code} ${stderr}`
  }

  assert.match(await refusal('move'), /^64 queuectl: Say where to: --to for a queue, or --to-url/)
  assert.match(await refusal('move', '--to', 'slow'), /^64 queuectl: Say which tasks: --queue mail/)
  assert.match(
    await refusal('move', '--queue', 'a', '--to', 'exec:b'),
    /^65 queuectl: The queue "exec:b" is no queue name/,
  )
  assert.match(
    await refusal('move', '--status', 'done', '--to', 'b'),
    /^64 queuectl: Tasks that have finished are not moved/,
  )
  assert.match(await refusal('move', '--to-url', project.url), /^64 queuectl: --to-url leads to the database that/)
  assert.match(await refusal('move', '--back'), /^0 $/)
  assert.match(await refusal('import', 'nowhere.ndjson'), /^64 queuectl: The file nowhere\.ndjson cannot be read/)
  assert.match(await refusal('import', '--queue', 'no queue'), /^65 queuectl: The queue "no queue" is no queue name/)
})
