/**
 * Short silent programs are told to a runner several at once. Whatever happens in the middle of that, each is run once, in its
 * turn, and has what it printed.
 */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { bucketOfKey } from '../../src/queue/bucket.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { waitFor } from '../helpers/processes.ts'
import { type FaultProject, faultProject, killed } from './fault-project.ts'

const [sqlite] = DATABASES as readonly [Database]

/** Signs, and lasts as long as its parameter says, or a second while the file "slow" is there; prints the second word. */
const NOTE = `#!/bin/sh
echo "$TASK_ID $TASK_ATTEMPT" >>noted
[ ! -e slow ] || sleep 1
[ -z "$1" ] || printf '%s\\n' "$1"
`
const TASKS = 250
const KILLS = 2

for (const database of DATABASES) {
  test(`a worker that is killed when its runners were told ahead: none is lost, none is run twice (${database.name})`, async (t) => {
    const project = await noting(t, database)
    const ids = await project.insert(...Array.from({ length: TASKS }, () => ({ task: 'note' })))

    for (let n = 1; n <= KILLS; n++) {
      const worker = project.start('do-queue', ['--watch', '--concurrency', '2', '--quiet'])
      const before = project.lines('noted').length
      await waitFor(() => project.lines('noted').length > before + 40, { what: 'the programs to be known as short' })
      writeFileSync(project.path('slow'), '')
      await killed(worker)
      await project.once('do-queue', ['--queue', 'other']) // it adopts while one of several runs
      rmSync(project.path('slow'))
      await waitFor(() => project.runners().length === 0, { what: 'the runners to leave' })
    }
    await project.once('do-queue', ['--concurrency', '2', '--quiet'])

    await eachRanOnce(project, ids)
    await project.adopted()
  })
}

test('outputs of programs that print now and then are theirs, byte for byte', async (t) => {
  const project = await noting(t, sqlite)
  const text = (n: number) => (n > 40 && n % 11 === 0 ? `output of ${n}` : '')
  const ids = await project.insert(...Array.from({ length: 200 }, (_, n) => ({ task: 'note', param: text(n) })))

  await project.once('do-queue', ['--concurrency', '2', '--quiet'])

  const rows = await Promise.all(ids.map((id) => project.row(id)))
  assert.deepEqual(
    rows.map((row) => project.written(row)),
    ids.map((_, n) => (text(n) === '' ? '' : `${text(n)}\n`)),
  )
  await eachRanOnce(project, ids)
})

test('tasks of one key keep their order, beside others that run ahead', async (t) => {
  const project = await noting(t, sqlite)
  const keys = ['red', 'green', 'blue']
  const rows = Array.from({ length: 240 }, (_, n) => {
    const key = n % 2 === 0 ? keys[n % keys.length] : undefined
    return key === undefined ? { task: 'note' } : { task: 'note', shard_key: key, bucket: bucketOfKey(key) }
  })
  const ids = await project.insert(...rows)

  await project.once('do-queue', ['--concurrency', '3', '--quiet'])

  await eachRanOnce(project, ids)
  const noted = project.lines('noted').map((line) => Number(line.split(' ')[0]))
  for (const key of keys) {
    const own = ids.filter((_, n) => rows[n]?.shard_key === key)
    assert.deepEqual(
      noted.filter((id) => own.includes(id)),
      own,
    )
  }
})

test('a worker that is told to leave gives back what its runners were told ahead and had not begun', async (t) => {
  const project = await noting(t, sqlite)
  const ids = await project.insert(...Array.from({ length: TASKS }, () => ({ task: 'note' })))
  const worker = project.start('do-queue', ['--watch', '--concurrency', '2', '--quiet'])
  await waitFor(() => project.lines('noted').length > 60, { what: 'the programs to be known as short' })

  writeFileSync(project.path('slow'), '')
  worker.kill('SIGTERM')
  const { code, stderr } = await worker.exited
  rmSync(project.path('slow'))

  assert.deepEqual([code, stderr], [0, ''])
  const noted = project.lines('noted').map((line) => Number(line.split(' ')[0]))
  const rows = await Promise.all(ids.map((id) => project.row(id)))
  assert.deepEqual(
    rows.map(({ id, status, attempts }) => [id, status, attempts]),
    ids.map((id) => (noted.includes(id) ? [id, 'done', 1] : [id, 'ready', 0])),
  )
  assert.equal(new Set(noted).size, noted.length)
  assert.ok(noted.length < TASKS)
})

async function noting(t: Parameters<typeof faultProject>[0], database: Database): Promise<FaultProject> {
  const project = await faultProject(t, database, { tasks: { note: NOTE } })
  writeFileSync(project.path('noted'), '')
  return project
}

async function eachRanOnce(project: FaultProject, ids: readonly number[]): Promise<void> {
  const noted = project.lines('noted').toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
  assert.deepEqual(
    noted,
    ids.map((id) => `${id} 1`),
  )
  assert.deepEqual(new Set(await project.states()), new Set(['done']))
}
