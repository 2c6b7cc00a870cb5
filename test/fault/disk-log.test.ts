/**
 * The log cannot be written: its disk is full, it was removed, or made read-only.
 *
 * What a program did is booked all the same, because it happened. What it wrote waits in the worker's directory and is
 * put into the log as soon as somebody can.
 */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { type Ending, type QueueProject, queueProject } from '../bin/queue-project.ts'
import { DATABASES, type Database } from '../helpers/databases.ts'
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

const MEBIBYTE = 1_048_576
const FULL = /The disk of the log directory \/.+\/logs is full\. Free some space/
const READ_ONLY = /The log directory \/.+\/logs cannot be written \(EROFS\)\. Make it writable /
const SCHEDULE = `import { daily, defineSchedule } from 'cron-mission'
export default defineSchedule({ timezone: 'UTC', jobs: { nightly: { when: daily('02:30'), queue: 'other' } } })
`
/** A minute at which nothing is due. */
const AT = '2026-11-20T18:30:00Z'

/** Writes as many lines as its parameter says, each with its id, when there is a file `go`; fails at the first run when told `fail`. */
const loud = `#!/bin/sh
echo "$TASK_ID" >>runs
echo $$ >"started.$TASK_ID"
while [ ! -e go ]; do sleep 0.02; done
yes "$TASK_ID.$TASK_ATTEMPT" | head -n "\${1% *}"
case $1 in *fail) exit 1 ;; esac
`

for (const database of DATABASES) {
  test(`with a full log directory nothing is started, and all run when there is room (${database.name})`, async (t) => {
    const project = await queueProject(t, database)
    const disk = smallDisk(t, project.path('logs'))
    if (disk === undefined) return t.skip(CANNOT_MOUNT)
    await project.insert(...Array.from({ length: 20 }, () => ({ task: 'tally', param: 'x' })))
    disk.fill()

    saidWhy(await project.run('do-queue'), 75, FULL)

    assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 20 })
    disk.free()
    await everyTaskRanOnce(project)
  })

  for (const [who, args] of [
    ['do-queue', []],
    ['cron-mission', ['--wait', '--at', AT]],
  ] as const) {
    test(`what ended when the log was full is booked, and the next ${who} puts its output where the row says (${database.name})`, async (t) => {
      const project = await queueProject(t, database, { tasks: { loud }, schedule: SCHEDULE })
      const disk = smallDisk(t, project.path('logs'), 8 * MEBIBYTE)
      if (disk === undefined) return t.skip(CANNOT_MOUNT)
      const lines = ['1000', '300000', '5', '50 fail', '400000 fail']
      const ids = await project.insert(
        ...lines.map((param) => ({ task: 'loud', param, retry: '1h' })),
        ...Array.from({ length: 10 }, () => ({ task: 'tally' })),
      )
      const worker = project.start('do-queue', ['--concurrency', '5'])
      await Promise.all(ids.slice(0, 5).map((id) => project.started(id)))

      disk.fill()
      project.release('go')
      saidWhy(await worker.exited, 75, FULL)

      assert.deepEqual((await project.states()).slice(0, 5), ['done', 'done', 'done', 'scheduled', 'scheduled'])
      disk.free()
      const { code, stderr } = await project.run(who, args)

      assert.deepEqual([code, stderr], [0, ''])
      assert.equal(project.lines('runs').length, who === 'do-queue' ? 15 : new Set(project.lines('runs')).size)
      for (const [i, param] of lines.entries()) {
        const [attempt] = await project.attempts(ids[i])
        for (const place of attempt === undefined ? [await project.row(ids[i])] : [attempt, await project.row(ids[i])])
          assertLines(project, place, `${ids[i]}.1\n`, Number.parseInt(param, 10))
      }
      assert.deepEqual(workerDirectories(project), [])
    })
  }
}

for (const [size, lines] of [
  ['a small', 1_000],
  ['a large', 400_000],
] as const) {
  test(`the log directory is removed under a worker: ${size} output is in a new one`, async (t) => {
    const project = await queueProject(t, sqlite, { tasks: { loud } })
    const [first, second] = await project.insert({ task: 'loud', param: `${lines}` }, { task: 'tally', param: 'next' })
    const worker = project.start('do-queue')
    await project.started(first)

    rmSync(project.path('logs'), { recursive: true })
    project.release('go')
    const { code, stderr } = await worker.exited

    assert.deepEqual([code, stderr], [0, ''])
    assertLines(project, await project.row(first), `${first}.1\n`, lines)
    assert.equal(project.output(await project.row(second)).toString(), 'next')
    await everyTaskRanOnce(project)
  })
}

test('the log directory is made read-only under a worker: what ran is booked, and its output is logged later', async (t) => {
  const project = await queueProject(t, sqlite, { tasks: { loud } })
  const [id] = await project.insert(
    { task: 'loud', param: '400000' },
    ...Array.from({ length: 5 }, () => ({ task: 'tally' })),
  )
  const worker = project.start('do-queue')
  await project.started(id)
  const makeWritable = makeReadOnly(t, project.path('logs'))
  if (makeWritable === undefined) return t.skip(CANNOT_MOUNT)

  project.release('go')
  saidWhy(await worker.exited, 78, READ_ONLY)

  const { done } = await nothingIsLost(project)
  assert.ok(done >= 1)
  makeWritable()
  await everyTaskRanOnce(project)
  assertLines(project, await project.row(id), `${id}.1\n`, 400_000)
})

test('a log directory that may not be written lets nothing start', async (t) => {
  const project = await queueProject(t, sqlite)
  await project.run('do-queue')
  const makeWritable = makeReadOnly(t, project.path('logs'))
  if (makeWritable === undefined) return t.skip(CANNOT_MOUNT)
  await project.insert({ task: 'tally' })

  saidWhy(await project.run('do-queue'), 78, READ_ONLY)

  assert.deepEqual(await nothingIsLost(project), { done: 0, ready: 1 })
  makeWritable()
  await everyTaskRanOnce(project)
})

test('a worker that stays leaves when the log is full, instead of running what nobody could read about', async (t) => {
  const project = await queueProject(t, sqlite)
  const disk = smallDisk(t, project.path('logs'))
  if (disk === undefined) return t.skip(CANNOT_MOUNT)
  const worker = project.start('do-queue', ['--watch'])
  await waitFor(() => project.events('worker-start').length > 0, { what: 'the worker to start' })

  disk.fill()
  await project.insert(...Array.from({ length: 200 }, () => ({ task: 'tally', param: 'x'.repeat(100) })))

  saidWhy(await worker.exited, 75, FULL)
  const { ready } = await nothingIsLost(project)
  assert.ok(ready > 0)
  disk.free()
  await everyTaskRanOnce(project)
})

/** At that place stand so many of this line and nothing else. */
function assertLines(project: QueueProject, place: Ending, line: string, count: number): void {
  assert.equal(place.logBytes, line.length * count)
  assert.ok(project.output(place).equals(Buffer.from(line.repeat(count))))
}
