/**
 * The disk of the workers' own files fills up, or may not be written.
 *
 * A program is never started when its line in the journal could not be written: whoever finds the journal of a killed
 * worker would think that it had never run, and run it again.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { allGone, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
import { isAlive } from '../helpers/marked.ts'
import { waitFor } from '../helpers/processes.ts'
import {
  CANNOT_MOUNT,
  everyTaskRanOnce,
  makeReadOnly,
  nothingIsLost,
  saidWhy,
  smallDisk,
  workerDirectories,
} from './small-disk.ts'

const [sqlite] = DATABASES as readonly [Database]

const FULL = /The state directory \/.+ cannot be written \(ENOSPC\)\. Make room /
const TALLIES = Array.from({ length: 300 }, () => ({ task: 'tally' }))
/** Fills the disk of the state directory, and fits to the last byte. */
const filling = '#!/bin/sh\necho "$TASK_ID" >>runs\ncat /dev/zero >.queue/filling 2>/dev/null\nexit 0\n'

/** Runs until there is a file `go`. */
const slow = `#!/bin/sh
echo "$TASK_ID" >>runs
echo $$ >"started.$TASK_ID"
echo 'its output'
while [ ! -e go ]; do sleep 0.02; done
`

for (const database of DATABASES) {
  test(`with a full state directory no program is started, and all run when there is room (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const disk = smallDisk(t, project.path('.queue'))
    if (disk === undefined) return t.skip(CANNOT_MOUNT)
    await project.insert(...TALLIES.slice(0, 20))
    disk.fill()

    saidWhy(await project.run('do-queue', ['--concurrency', '3']), 75, FULL)

    assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 20 })
    assert.deepEqual(project.lines('runs'), [])
    disk.free()
    await everyTaskRanOnce(project)
  })

  for (const concurrency of [1, 3]) {
    test(`when the state directory fills up, no program runs without its line in the journal, at ${concurrency} at once (${database.name})`, async (t) => {
      const project = await queueProject(t, database, { tasks: { filling } })
      const disk = smallDisk(t, project.path('.queue'))
      if (disk === undefined) return t.skip(CANNOT_MOUNT)
      await project.insert({ task: 'filling' }, ...TALLIES)

      const ended = await project.start('do-queue', ['--concurrency', `${concurrency}`]).exited

      saidWhy(ended, 75, FULL)
      const { ready } = await nothingIsLost(project)
      assert.ok(ready > 0, 'the journals did fill up')
      disk.free()
      await everyTaskRanOnce(project)
    })
  }
}

test('a state directory in which no file can be made lets no program start', async (t) => {
  const project = await queueProject(t, sqlite)
  const disk = smallDisk(t, project.path('.queue'))
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  await project.insert(...TALLIES.slice(0, 5))
  disk.useUpInodes()

  saidWhy(await project.run('do-queue'), 75, FULL)

  assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 5 })
  disk.freeInodes()
  await everyTaskRanOnce(project)
})

test('a program is stopped at its time limit also when no file can be made', async (t) => {
  const project = await queueProject(t, sqlite)
  const disk = smallDisk(t, project.path('.queue'))
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  const [id] = await project.insert({ task: 'hang' })
  const worker = project.start('do-queue', ['--timeout', '500ms'])
  const pids = await project.started(id)

  disk.fill()
  disk.useUpInodes()
  await worker.exited

  await allGone(pids)
  assert.deepEqual(
    (await project.attempts(id)).map(({ outcome }) => outcome),
    ['timeout'],
  )
  await project.nothingIsLeft()
})

test('an end that could not be written before its worker was killed is a crash, for the crash policy to decide', async (t) => {
  const project = await queueProject(t, sqlite, { env: { QUEUE_CRASH: 'hold' }, tasks: { slow } })
  const disk = smallDisk(t, project.path('.queue'))
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  const [id] = await project.insert({ task: 'slow' }, ...TALLIES.slice(0, 5))
  const worker = project.start('do-queue')
  const pids = await project.started(id)
  const [directory = ''] = workerDirectories(project)

  disk.fill(project.path('.queue', directory, 'slot-0.journal'))
  worker.kill('SIGKILL')
  await waitFor(() => !isAlive(worker.pid), { what: 'the end of the worker' })
  project.release('go')
  await allGone(pids)
  disk.free()
  await project.run('do-queue')

  assert.deepEqual(await project.states(), ['held', 'done', 'done', 'done', 'done', 'done'])
  assert.equal(new Set(project.lines('runs')).size, 6)
  assert.equal(project.lines('runs').length, 6)
  assert.match(project.output(await project.row(id)).toString(), /^its output\n/)
})

test('a state directory that may not be written lets no program start', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.run('do-queue')
  const makeWritable = makeReadOnly(t, project.path('.queue'))
  if (makeWritable === undefined) return t.skip(CANNOT_MOUNT)
  await project.insert(...TALLIES.slice(0, 5))

  saidWhy(
    await project.run('do-queue'),
    78,
    /The state directory \/.+ cannot be written \(EROFS\)\. .+ make it writable/,
  )

  assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 5 })
  makeWritable()
  await everyTaskRanOnce(project)
})

test('a program that finds no room for its output may say so, and the programs behind it go on', async (t) => {
  const large = '#!/bin/sh\necho "$TASK_ID" >>runs\nhead -c 4000000 /dev/zero || exit 65\n'
  const project = await queueProject(t, sqlite, { tasks: { large } })
  if (smallDisk(t, project.path('.queue'), 3 * 1_048_576) === undefined) return t.skip(CANNOT_MOUNT)
  const [id] = await project.insert({ task: 'large' }, ...TALLIES.slice(0, 5))

  const { code, stderr } = await project.run('do-queue')

  assert.deepEqual([code, stderr], [0, ''])
  const row = await project.row(id)
  assert.deepEqual([row.status, row.exitCode], ['failed', 65])
  assert.ok((row.logBytes ?? 0) > 2_000_000)
  assert.deepEqual(project.output(row).subarray(0, 2_000_000), Buffer.alloc(2_000_000))
  assert.equal((await project.states()).filter((state) => state === 'done').length, 5)
})

test('a state directory that is removed under a worker costs no task', async (t) => {
  const project = await queueProject(t, sqlite)
  const [waiting] = await project.insert({ task: 'wait-for', param: 'go' }, ...TALLIES.slice(0, 50))
  const worker = project.start('do-queue', ['--concurrency', '2'])
  await project.started(waiting)
  await waitFor(() => project.lines('runs').length > 0, { what: 'the first tally' })

  rmSync(project.path('.queue'), { recursive: true })
  project.release('go')
  const { code } = await worker.exited
  await project.nothingIsLeft()
  if (code !== 0) await project.run('do-queue')

  assert.deepEqual(new Set(await project.states()), new Set(['done']))
  assert.equal(project.lines('runs').length, 50)
})
