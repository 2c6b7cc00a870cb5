/** `do-queue` with warm programs: by their names, and by its flags. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { ACTOR } from '../worker/warm-slot.ts'
import { queueProject } from './queue-project.ts'

const [sqlite] = DATABASES as readonly [Database]
const PID = 'echo $$ >&2; say 0'

for (const database of DATABASES) {
  test(`warm and cold programs are mixed over few slots, and each task has its own output (${database.name})`, async (t) => {
    const project = await queueProject(t, database, { tasks: { 'a.warm': ACTOR, 'b.warm.sh': ACTOR } })
    const names = ['a', 'b', 'say', 'b.warm', 'a.warm', 'b.warm.sh']
    const tasks = Array.from({ length: 48 }, (_, i) => names[i % names.length] ?? 'a')
    await project.insert(
      ...tasks.map((task, i) => ({
        task,
        param: task === 'say' ? `task ${i}` : `echo task ${i} >&2; echo $$ >>pids; say 0`,
      })),
    )

    const { code, stderr } = await project.run('do-queue', ['--concurrency', '3', '--quiet'])

    assert.deepEqual([code, stderr], [0, ''])
    for (const [i, row] of (await project.rows()).entries()) {
      assert.equal(row.status, 'done')
      assert.equal(project.output(row).toString().trimEnd(), `task ${i}`)
    }
    assert.ok(new Set(project.lines('pids')).size <= 6) // two programs, three slots
  })
}

test('--warm is for programs of any name, and its limits hold', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { act: ACTOR } })
  await project.insert(...Array.from({ length: 6 }, () => ({ task: 'act', param: PID })))

  await project.run('do-queue', ['--warm', '--warm-tasks', '3', '--quiet'])

  const pids = (await project.rows()).map((row) => project.output(row).toString())
  assert.deepEqual([pids[1], pids[2], pids[4], pids[5]], [pids[0], pids[0], pids[3], pids[3]])
  assert.notEqual(pids[3], pids[0])
})

test('a program that says try later or why it failed is booked by that', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { 'act.warm': ACTOR } })
  await project.insert(
    { task: 'act', param: 'say 75' },
    { task: 'act', param: 'say 65' },
    { task: 'act', param: 'say 3' },
  )

  await project.run('do-queue', ['--retry', '10m', '--quiet'])

  assert.deepEqual(
    (await project.rows()).map(({ status, exitCode, attempts }) => [status, exitCode, attempts]),
    [
      ['scheduled', 75, 0],
      ['failed', 65, 1],
      ['scheduled', 3, 1],
    ],
  )
})

test('why and doctor find a warm program by its short name, and say when there are two', async (t) => {
  const files = { 'mail.warm.php': '<?php', 'both.php': '<?php', 'both.warm.php': '<?php' }
  const project = await queueProject(t, sqlite, { tasks: files })
  const [mail, both] = await project.insert({ task: 'mail' }, { task: 'both' })
  const why = async (id: number | undefined) => (await project.start('queuectl', ['why', `${id}`]).exited).stdout

  const doctor = (await project.start('queuectl', ['doctor']).exited).stdout

  assert.doesNotMatch(await why(mail), /no program|could be/)
  assert.match(await why(both), /both could be both\.php or both\.warm\.php: name the file with its extension/)
  assert.match(doctor, /both could be both\.php or both\.warm\.php/)
  assert.doesNotMatch(doctor, /no program mail/)
})
